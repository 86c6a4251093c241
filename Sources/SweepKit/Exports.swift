// `import SweepKit` is enough: the words of a sweep and its results come with it.

@_exported import SweepCore
@_exported import SweepStore
