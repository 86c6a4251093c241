import Foundation
import SweepCore
import SweepTestSupport
import SweepTraining
import Testing

struct DatasetTests {
  @Test func standardisationIsThatOfTheTrainingSplit() throws {
    let images = try Synthetic().load(pool: 500, from: DataFolders([:]))
    let data = TrainingData(images, trainingImages: 400, validationImages: 100)
    for k in [0, 13, 63] {
      let column = (0..<400).map { Double(images.pixels[$0 * images.inputs + k]) }
      let mean = column.reduce(0, +) / 400
      let deviation = (column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400).squareRoot()
      #expect(abs(Double(data.standardisation.mean.pointer[k]) - mean) < 1e-5)
      #expect(abs(Double(data.standardisation.scale.pointer[k]) * deviation - 1) < 1e-6)
    }
    #expect(data.validation == 400..<500 && data.test == 500..<700)
  }

  @Test func aDimensionThatNeverVariesIsZero() {
    let images = ImageSet(pixels: [7, 1, 7, 2, 7, 3], labels: [0, 1, 0], inputs: 2, classes: 2, pool: 2)
    #expect(TrainingData(images, trainingImages: 2, validationImages: 0).standardisation.scale.values[0] == 0)
  }

  @Test func syntheticImagesDoNotDependOnHowManyAreAskedFor() throws {
    let few = try Synthetic().load(pool: 10, from: DataFolders([:]))
    let many = try Synthetic().load(pool: 90, from: DataFolders([:]))
    #expect(many.pixels.starts(with: few.pixels[..<640]))
    #expect(many.labels.suffix(200) == few.labels.suffix(200))
  }

  @Test func tooManyImagesAreRefusedBeforeAnythingIsRead() {
    #expect { try DatasetCache.check(DataSelection(dataset: "cifar10", trainingImages: 50_000, validationImages: 1)) } throws: {
      "\($0)".contains("50001") && "\($0)".contains("50000 together at most")
    }
  }

  @Test func eachDatasetIsKeptOnceForAllSelections() throws {
    let cache = DatasetCache(folders: DataFolders([:]))
    let one = try cache.data(for: DataSelection(dataset: "synthetic", trainingImages: 60, validationImages: 40))
    let two = try cache.data(for: DataSelection(dataset: "synthetic", trainingImages: 50, validationImages: 50))
    let same = one.images.pixels.withUnsafeBufferPointer { a in two.images.pixels.withUnsafeBufferPointer { a.baseAddress == $0.baseAddress } }
    #expect(same)
  }

  // MARK: CIFAR-10

  /// A folder with the six files, each written by `content`; nil leaves a file out.
  private func cifar(_ content: (String) -> [UInt8]?) throws -> (TemporaryFolder, DataFolders) {
    let folder = TemporaryFolder()
    for file in CIFAR10.files {
      if let bytes = content(file) { try folder.write(bytes, to: "cifar-10-batches-bin/\(file)") }
    }
    return (folder, DataFolders(["SWEEP_DATA": folder.path, "HOME": folder.path]))
  }

  private func complaint(_ source: any DatasetSource, _ folders: DataFolders) -> String {
    do throws(SweepError) {
      _ = try source.load(pool: 10, from: folders)
      return "no complaint"
    } catch { return error.description }
  }

  @Test func cifarRecordsAreReadInTheOfficialLayout() throws {
    let (folder, folders) = try cifar { file in
      var bytes = [UInt8](repeating: UInt8(file.utf8.reduce(0) { ($0 + Int($1)) % 251 }), count: 30_730_000)
      for image in 0..<10_000 { bytes[image * 3073] = UInt8(image % 10) }
      bytes[3073 + 1] = 42  // the first byte of the second image
      return bytes
    }
    let images = try CIFAR10().load(pool: 50_000, from: folders)
    #expect(images.labels.count == 60_000 && images.pool == 50_000)
    #expect(images.labels[..<12].elementsEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]))
    #expect(images.pixels[3072] == 42 && images.pixels[10_001 * 3072] == 42)
    withExtendedLifetime(folder) {}
  }

  @Test func aMissingFolderSaysWhereItWasLookedForAndHowToGetIt() throws {
    let folder = TemporaryFolder()
    let text = complaint(CIFAR10(), DataFolders(["SWEEP_DATA": folder.path, "HOME": "/nowhere"]))
    #expect(
      text.contains("\(folder.path)/cifar-10-batches-bin") && text.contains("/nowhere/.cache/sweep") && text.contains("sweep data fetch cifar10"))
  }

  @Test func aMissingFileIsNamed() throws {
    let (folder, folders) = try cifar { $0 == "data_batch_1.bin" ? [UInt8](repeating: 0, count: 30_730_000) : nil }
    #expect(complaint(CIFAR10(), folders).contains("\(folder.path)/cifar-10-batches-bin/data_batch_2.bin"))
  }

  @Test func aTruncatedFileIsNamedWithTheByteItEndsAt() throws {
    let (folder, folders) = try cifar { _ in [UInt8](repeating: 0, count: 12_345) }
    let text = complaint(CIFAR10(), folders)
    #expect(text.contains("truncated: it ends at byte 12345 of 30730000") && text.contains("\(folder.path)/cifar-10-batches-bin/data_batch_1.bin"))
  }

  @Test func anOversizedFileIsNamed() throws {
    let (folder, folders) = try cifar { _ in [UInt8](repeating: 0, count: 30_730_001) }
    #expect(complaint(CIFAR10(), folders).contains("too long: it goes on after byte 30730000"))
    withExtendedLifetime(folder) {}
  }

  @Test func aLabelAboveNineIsNamedWithItsOffset() throws {
    let (folder, folders) = try cifar { _ in
      var bytes = [UInt8](repeating: 0, count: 30_730_000)
      bytes[3073 * 3] = 17
      return bytes
    }
    #expect(complaint(CIFAR10(), folders).contains("image 3 has the label 17 at byte offset 9219"))
    withExtendedLifetime(folder) {}
  }

  // MARK: Fashion-MNIST

  private func idx(_ dimensions: [Int], fill: (Int) -> UInt8) -> [UInt8] {
    ([0x0800 + dimensions.count] + dimensions).flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
      + (0..<dimensions.reduce(1, *)).map(fill)
  }

  private func fashion(_ change: (inout [String: [UInt8]]) -> Void = { _ in }, gzip: Bool = false) throws -> (TemporaryFolder, DataFolders) {
    var files = [
      "train-images-idx3-ubyte": idx([60_000, 28, 28]) { UInt8(truncatingIfNeeded: $0) },
      "train-labels-idx1-ubyte": idx([60_000]) { UInt8($0 % 10) }, "t10k-images-idx3-ubyte": idx([10_000, 28, 28]) { _ in 3 },
      "t10k-labels-idx1-ubyte": idx([10_000]) { UInt8($0 % 10) },
    ]
    change(&files)
    let folder = TemporaryFolder()
    for (name, bytes) in files {
      try folder.write(bytes, to: "fashion-mnist/\(name)")
      if gzip {
        let process = try Process.run(URL(fileURLWithPath: "/usr/bin/gzip"), arguments: ["-1", folder.path("fashion-mnist/\(name)")])
        process.waitUntilExit()
      }
    }
    return (folder, DataFolders(["SWEEP_DATA": folder.path, "HOME": folder.path]))
  }

  @Test(arguments: [false, true]) func idxFilesAreReadGzippedOrNot(gzip: Bool) throws {
    let (folder, folders) = try fashion(gzip: gzip)
    let images = try FashionMNIST().load(pool: 60_000, from: folders)
    #expect(images.labels.count == 70_000 && images.pixels[783] == 15 && images.pixels.last == 3)
    withExtendedLifetime(folder) {}
  }

  @Test func aWrongHeaderIsNamedWithItsOffset() throws {
    let (folder, folders) = try fashion { $0["t10k-labels-idx1-ubyte"]?[7] = 99 }
    let text = complaint(FashionMNIST(), folders)
    #expect(text.contains("byte offset 4; expected 10000") && text.contains(folder.path))
  }

  @Test func aWrongLabelIsNamedWithItsOffset() throws {
    let (folder, folders) = try fashion { $0["train-labels-idx1-ubyte"]?[108] = 200 }
    #expect(complaint(FashionMNIST(), folders).contains("image 100 has the label 200 at byte offset 108"))
    withExtendedLifetime(folder) {}
  }

  @Test func aDamagedGzipFileIsNamed() throws {
    let (folder, folders) = try fashion(gzip: true)
    let path = folder.path("fashion-mnist/train-images-idx3-ubyte.gz")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
    let text = complaint(FashionMNIST(), folders)
    #expect(text.contains(path) && (text.contains("damaged") || text.contains("truncated")))
  }

  // MARK: the real ones, where they are

  static let folders = DataFolders()

  @Test(.enabled("dataset-fashion-mnist is installed") { FashionMNIST().folder(in: folders) != nil })
  func theRealFashionMNISTHasSixThousandImagesOfEachClass() throws {
    let images = try FashionMNIST().load(pool: 60_000, from: Self.folders)
    let counts = images.labels[..<60_000].reduce(into: [Int](repeating: 0, count: 10)) { $0[Int($1)] += 1 }
    #expect(counts == [Int](repeating: 6000, count: 10))
  }

  @Test(.enabled("CIFAR-10 is in SWEEP_DATA or the cache") { CIFAR10().folder(in: folders) != nil })
  func theRealCIFAR10HasAThousandTestImagesOfEachClass() throws {
    let images = try CIFAR10().load(pool: 50_000, from: Self.folders)
    let counts = images.labels[50_000...].reduce(into: [Int](repeating: 0, count: 10)) { $0[Int($1)] += 1 }
    #expect(counts == [Int](repeating: 1000, count: 10))
  }
}
