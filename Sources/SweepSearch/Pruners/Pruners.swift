// The register of pruners: a new one is its file, its test and a line here.

import SweepCore

public let pruners = Registry<any Pruner>("pruner", [("none", NoPruner())])
