// The register of losses: a new one is its file, its test and a line here.

import SweepCore

package let losses = Registry<any Loss>(
  "loss",
  [
    ("softmax_cross_entropy", SoftmaxCrossEntropy()),
    ("multiple_binary_cross_entropy", MultipleBinaryCrossEntropy()),
  ])
