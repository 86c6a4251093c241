// The register of samplers (`method:` of a sweep file): a new one is its file, its test and a line here.

import SweepCore

public let samplers = Registry<any Sampler>("method", [("grid", GridSampler()), ("random", RandomSampler())])
