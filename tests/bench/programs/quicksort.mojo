from arrays import Floats


def sort(a: Floats, low: Int, high: Int):
    var i = low
    var j = high
    var pivot = a[(low + high) // 2]
    while i <= j:
        while a[i] < pivot:
            i += 1
        while a[j] > pivot:
            j -= 1
        if i <= j:
            var t = a[i]
            a[i] = a[j]
            a[j] = t
            i += 1
            j -= 1
    if low < j:
        sort(a, low, j)
    if i < high:
        sort(a, i, high)


@export("quicksort")
def quicksort(a: Floats, n: Int, low: Int, high: Int) abi("C"):
    sort(a, low, high)
