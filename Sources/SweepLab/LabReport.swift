// What the lab's report says: its figures, to be set beside ours. (Lab 1, extra points, of KTH's deep-learning course, April 2024.)

enum LabReport {
  /// The sweep files, in the order of the report; then the readings that are tested where it differs.
  static let sweeps = [
    "table1", "cifar10-grid", "step-decay", "best-network", "multiple-bce", "readings-worst-row", "readings-best-row", "readings-batch-5",
    "readings-batch-50",
    "readings-multiple",
  ]

  static let table1Test = 0.4129
  static let best = (lambda: 0.01, eta: 0.001, batchSize: 100, validation: 0.428, test: 0.413)
  static let worst = (lambda: 0.001, eta: 0.01, batchSize: 5, validation: 0.384, test: 0.3834)
  static let stepDecayTest = 0.3904
  static let bestNetworkTest = 0.4133
  static let multipleTest = 0.3837

  /// Tables 5 and 6: the share of each class, airplane to truck, among correctly and among incorrectly labelled test images.
  static let correctSoftmax = [0.1226, 0.1178, 0.0677, 0.0577, 0.0659, 0.0777, 0.1321, 0.1091, 0.1382, 0.1111]
  static let correctMultiple = [0.1300, 0.1168, 0.0623, 0.0547, 0.0602, 0.0730, 0.1298, 0.1142, 0.1449, 0.1142]
  static let incorrectSoftmax = [0.0854, 0.0886, 0.1208, 0.1272, 0.1219, 0.1144, 0.0794, 0.0942, 0.0754, 0.0928]
  static let incorrectMultiple = [0.0813, 0.0896, 0.1235, 0.1282, 0.1248, 0.1168, 0.0815, 0.0912, 0.0720, 0.0912]
}
