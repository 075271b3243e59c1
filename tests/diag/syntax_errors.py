def f(:
    pass


x = = 1


class A
    pass
