// The register of pruners. Sweep files cannot name one yet: the runner uses NoPruner, and History has no curves to judge by.

import SweepCore

public let pruners = Registry<any Pruner>("pruner", [("none", NoPruner())])
