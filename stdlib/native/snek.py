"""What functions of `snek` are in native code. CPython imports the package beside this."""


@intrinsic("snek_rt_num_threads")
def _num_threads() -> int: ...


@intrinsic("snek_rt_thread_index")
def _thread_index() -> int: ...


@intrinsic("snek_rt_set_num_threads")
def _set_num_threads(count: int) -> None: ...


def set_num_threads(count: int) -> None:
    _set_num_threads(count)


def num_threads() -> int:
    return _num_threads()


def thread_index() -> int:
    return _thread_index()
