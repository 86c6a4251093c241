// CIFAR-10 in the official binary layout (Krizhevsky 2009): five training batches and a test batch of 10,000 records,
// each a label and 3,072 bytes: 1,024 red, 1,024 green, 1,024 blue.

import SweepCore

package struct CIFAR10: DatasetSource {
  package init() {}

  package static let folderName = "cifar-10-batches-bin"
  package static let files = (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]
  static let imagesPerFile = 10_000
  static let inputs = 3072

  package var summary: String { "CIFAR-10: 50,000 training and 10,000 test images, 32 × 32 in colour, 10 classes" }
  package var pool: Int? { 5 * Self.imagesPerFile }
  package var testImages: Int { Self.imagesPerFile }
  package var classNames: [String] {
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
  }
  package var remedy: String { "run 'sweep data fetch cifar10', or set SWEEP_DATA to the folder that holds \(Self.folderName)" }

  package var download: DatasetDownload? {
    DatasetDownload(
      url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", md5: "c32a1d4ab5d03f1284b67883e8d87530", folderName: Self.folderName)
  }

  package func folder(in folders: DataFolders) -> String? { folders.first(Self.folderName, having: Self.files) }

  package func load(pool: Int, from folders: DataFolders) throws(SweepError) -> ImageSet {
    let folder = try located(in: folders, name: Self.folderName)
    var pixels = [UInt8](roomForPixels: Self.files.count * Self.imagesPerFile * Self.inputs)
    var labels: [UInt8] = []
    for file in Self.files {
      let path = "\(folder)/\(file)"
      let record = Self.inputs + 1
      let bytes = try DataFile.read(path, size: Self.imagesPerFile * record, remedy: remedy)
      let own = (0..<Self.imagesPerFile).map { bytes[$0 * record] }
      try DataFile.checkLabels(own, classes: 10, path: path, remedy: remedy) { $0 * record }
      labels += own
      for start in stride(from: 0, to: bytes.count, by: record) { pixels += bytes[start + 1..<start + record] }
    }
    return ImageSet(pixels: pixels, labels: labels, inputs: Self.inputs, classes: 10, pool: 5 * Self.imagesPerFile)
  }
}
