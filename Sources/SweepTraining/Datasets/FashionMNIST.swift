// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017) as IDX files, gzipped or not. Debian's package dataset-fashion-mnist brings them.
// IDX: a big-endian magic number (0x0801 for labels, 0x0803 for images), the dimensions, then the bytes.

import Foundation
import SweepCore

package struct FashionMNIST: DatasetSource {
  package init() {}

  static let folderName = "fashion-mnist"
  static let debianFolder = "/usr/share/datasets/fashion-mnist"
  static let side = 28

  package var summary: String { "Fashion-MNIST: 60,000 training and 10,000 test images, 28 × 28 in grey, 10 classes" }
  package var pool: Int? { 60_000 }
  package var testImages: Int { 10_000 }
  package var classNames: [String] {
    ["T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
  }
  package var remedy: String { "run 'apt-get install dataset-fashion-mnist', or set SWEEP_DATA to the folder that holds \(Self.folderName)" }

  package func folder(in folders: DataFolders) -> String? {
    folders.first(Self.folderName, having: ["train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"], also: [Self.debianFolder])
  }

  package func load(pool: Int, from folders: DataFolders) throws(SweepError) -> ImageSet {
    let folder = try located(in: folders, name: Self.folderName, also: [Self.debianFolder])
    var pixels = [UInt8](roomForPixels: 70_000 * Self.side * Self.side)
    pixels += try idx(folder, "train-images-idx3-ubyte", [60_000, Self.side, Self.side])
    pixels += try idx(folder, "t10k-images-idx3-ubyte", [10_000, Self.side, Self.side])
    let labels = try idx(folder, "train-labels-idx1-ubyte", [60_000]) + idx(folder, "t10k-labels-idx1-ubyte", [10_000])
    return ImageSet(pixels: pixels, labels: labels, inputs: Self.side * Self.side, classes: 10, pool: 60_000)
  }

  private func idx(_ folder: String, _ name: String, _ dimensions: [Int]) throws(SweepError) -> [UInt8] {
    let plain = "\(folder)/\(name)"
    let path = FileManager.default.fileExists(atPath: plain) ? plain : plain + ".gz"
    let header = 4 + 4 * dimensions.count
    let bytes = try DataFile.read(path, size: header + dimensions.reduce(1, *), remedy: remedy)
    let expected = [0x0800 + dimensions.count] + dimensions
    for (position, number) in expected.enumerated() {
      let found = bytes[position * 4..<position * 4 + 4].reduce(0) { $0 << 8 | Int($1) }
      if found != number {
        throw SweepError(
          .input, "the header has \(found) at byte offset \(position * 4); expected \(number)", place: path, remedy: remedy)
      }
    }
    let body = Array(bytes[header...])
    if dimensions.count == 1 { try DataFile.checkLabels(body, classes: 10, path: path, remedy: remedy) { header + $0 } }
    return body
  }
}
