#include <stdint.h>

static void sort(double *a, int64_t low, int64_t high) {
    int64_t i = low, j = high;
    double pivot = a[(low + high) / 2];
    while (i <= j) {
        while (a[i] < pivot)
            i++;
        while (a[j] > pivot)
            j--;
        if (i <= j) {
            double t = a[i];
            a[i++] = a[j];
            a[j--] = t;
        }
    }
    if (low < j)
        sort(a, low, j);
    if (i < high)
        sort(a, i, high);
}

void quicksort(double *a, int64_t n, int64_t low, int64_t high) { sort(a, low, high); }
