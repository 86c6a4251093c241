// The register of pruners (`early_terminate:` of a sweep file): a new one is its file, its test and a line here.

import SweepCore

public let pruners = Registry<PrunerEntry>("early_terminate type", [("none", NoPruner.entry), ("hyperband", HyperbandPruner.entry)])
