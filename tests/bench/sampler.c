/* Where a process spends its processor time: a timer interrupts it, and the address of the
   instruction that it was at is kept. */

#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <ucontext.h>

enum { MOST = 1 << 14 };

const int32_t most = MOST;
uint64_t addresses[MOST];
int32_t taken;
/* Whether what runs is to be counted. */
int32_t counting;

static void keep(int signal, siginfo_t *info, void *context) {
    const ucontext_t *state = context;
    if (!counting)
        return;
#if defined(__x86_64__)
    uint64_t address = state->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    uint64_t address = state->uc_mcontext.pc;
#endif
    int32_t place = __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
    if (place < MOST)
        addresses[place] = address;
}

/* Every so many microseconds of processor time, 0 for never again. */
int every(int64_t microseconds) {
    struct sigaction action = {.sa_sigaction = keep, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    if (sigaction(SIGPROF, &action, 0) != 0)
        return -1;
    return setitimer(ITIMER_PROF, &timer, 0);
}
