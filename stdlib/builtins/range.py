"""What is asked of a `range` without running over it."""


@intrinsic("raise.RangeStepZero")
def _raise_zero_step() -> NoReturn: ...


def len(start: int, stop: int, step: int) -> int:
    if step == 0:
        _raise_zero_step()
    if step > 0:
        return 0 if start >= stop else (stop - 1 - start) // step + 1
    return 0 if start <= stop else (stop + 1 - start) // step + 1


def sum(start: int, stop: int, step: int) -> int:
    if step == 0:
        _raise_zero_step()
    total = 0
    for i in range(start, stop, step):
        total += i
    return total
