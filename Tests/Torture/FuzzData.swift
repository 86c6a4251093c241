// Files of data sets: short, long, lying about their size, compressed to a bomb, or no files at all. A target of the fuzzer, which also has the
// files of programs' reports (FuzzReports.swift). Nothing is written where data sets live, and CIFAR-10 is never whole: it is as large as the limit.

import Foundation
import SweepCore
import SweepTraining

struct FuzzData: FuzzTarget {
  private static let debianFolder = "/usr/share/datasets/fashion-mnist"

  private let seed: Int
  private let reports: FuzzReports
  /// A gigabyte of zeros, gzipped.
  private let bomb: String
  /// The beginning of each real file, where there is one.
  private let real: [String: [UInt8]]

  init(seed: Int, scratch: String) throws {
    self.seed = seed
    reports = try FuzzReports()
    bomb = scratch + "/bomb.gz"
    real = Dictionary(
      uniqueKeysWithValues: Self.fashionFiles.compactMap { file in
        guard let handle = FileHandle(forReadingAtPath: "\(Self.debianFolder)/\(file.name).gz") else { return nil }
        return (file.name, Array((try? handle.read(upToCount: 1 << 20)) ?? Data()))
      })
    guard !FileManager.default.fileExists(atPath: bomb) else { return }
    let shell = try Process.run(
      URL(fileURLWithPath: "/bin/sh"), arguments: ["-c", "head -c 1000000000 /dev/zero | gzip -9 > \"$0\".new && mv \"$0\".new \"$0\"", bomb])
    shell.waitUntilExit()
    guard shell.terminationStatus == 0 else { throw SweepError(.io, "the bomb cannot be made", place: bomb, remedy: "install gzip") }
  }

  func input(_ index: Int) throws -> FuzzInput {
    var mutator = Mutator(seed: seed, kind: .data, index: index)
    switch mutator.random.number(0...9) {
    case 0: return cifar(&mutator)
    case 1: return fashion(&mutator)
    default: return reports.input(&mutator)
    }
  }

  func attempt(_ input: FuzzInput, in folder: String) throws -> Bool {
    let folders = DataFolders(["SWEEP_DATA": folder, "HOME": folder])
    switch input.arguments.first {
    case "cifar": _ = try CIFAR10().load(pool: 50_000, from: folders)
    case "fashion": _ = try FashionMNIST().load(pool: 60_000, from: folders)
    default: return try reports.attempt(input, in: folder)
    }
    return true
  }

  // MARK: - CIFAR-10

  private static let cifarSize = 10_000 * 3073

  /// Some files that are right, all black and of class 0, then one that is not.
  private func cifar(_ mutator: inout Mutator) -> FuzzInput {
    let bad = mutator.random.number(0...2)
    let files = CIFAR10.files[0...bad].enumerated().map { place, name -> (name: String, content: FuzzInput.Content) in
      let content = place < bad ? .hole(size: Self.cifarSize) : broken(&mutator, size: Self.cifarSize, head: [UInt8(mutator.random.number(10...255))])
      return ("\(CIFAR10.folderName)/\(name)", content)
    }
    return FuzzInput("CIFAR-10, file \(bad): \(mutator.summary)", files: files, arguments: ["cifar"])
  }

  // MARK: - Fashion-MNIST

  private struct FashionFile {
    let name: String
    let dimensions: [UInt32]
    var header: [UInt8] { ([UInt32(0x0800 + dimensions.count)] + dimensions).flatMap { Wire.bigEndian($0) } }
    var size: Int { header.count + dimensions.reduce(1) { $0 * Int($1) } }
  }

  /// In the order in which they are read.
  private static let fashionFiles = [
    FashionFile(name: "train-images-idx3-ubyte", dimensions: [60_000, 28, 28]),
    FashionFile(name: "t10k-images-idx3-ubyte", dimensions: [10_000, 28, 28]),
    FashionFile(name: "train-labels-idx1-ubyte", dimensions: [60_000]), FashionFile(name: "t10k-labels-idx1-ubyte", dimensions: [10_000]),
  ]

  /// Files that are right, and in most cases one that is not.
  private func fashion(_ mutator: inout Mutator) -> FuzzInput {
    // One that comes late costs the time of all before it.
    let bad = mutator.random.pick([0, 0, 0, 0, 0, 1, 1, 2, 3, 4])
    let files = Self.fashionFiles.enumerated().map { place, file -> (name: String, content: FuzzInput.Content) in
      let compressed = "fashion-mnist/\(file.name).gz"
      if place == bad {
        let content = damaged(file, &mutator)
        return (mutator.random.oneIn(2) ? "fashion-mnist/\(file.name)" : compressed, content)
      }
      if real[file.name] != nil, mutator.random.oneIn(8) { return (compressed, .link(to: "\(Self.debianFolder)/\(file.name).gz")) }
      return ("fashion-mnist/\(file.name)", .hole(size: file.size, after: file.header))
    }
    return FuzzInput("Fashion-MNIST, file \(bad): \(mutator.summary)", files: files, arguments: ["fashion"])
  }

  private func damaged(_ file: FashionFile, _ mutator: inout Mutator) -> FuzzInput.Content {
    if let bytes = real[file.name], mutator.random.oneIn(3) {
      mutator.note("of the real one")
      return .bytes(mutator.damaged(bytes, head: 40))
    }
    if mutator.random.oneIn(3) {
      mutator.note("header")
      var header = stride(from: 0, to: file.header.count, by: 4).map { Array(file.header[$0..<$0 + 4]) }
      let lie = mutator.random.pick([0, 1, 27, 29, 0x801, 0x803, 0xd03, 0x0308_0000, 9_999, 60_001, 0x7fff_ffff, 0x8000_0000, .max] as [UInt32])
      header[mutator.random.number(0...header.count - 1)] = Wire.bigEndian(lie)
      return .hole(size: file.size, after: Array(header.joined()))
    }
    if file.dimensions.count == 1, mutator.random.oneIn(3) {
      mutator.note("label")
      let place = mutator.random.number(0...Int(file.dimensions[0]) - 1)
      return .hole(size: file.size, after: file.header + [UInt8](repeating: 9, count: place) + [UInt8(mutator.random.number(10...255))])
    }
    return broken(&mutator, size: file.size, head: file.header)
  }

  // MARK: - Every file

  /// A file that is not what it should be.
  private func broken(_ mutator: inout Mutator, size: Int, head: [UInt8]) -> FuzzInput.Content {
    func noted(_ deed: String, _ content: FuzzInput.Content) -> FuzzInput.Content {
      mutator.note(deed)
      return content
    }
    let noise = mutator.random.bytes(mutator.random.number(0...5_000))
    let gzip = Wire.gzip(head + noise)
    switch mutator.random.number(0...17) {
    case 0: return noted("empty", .bytes([]))
    case 1: return noted("short", .bytes(head + noise))
    case 2: return noted("one byte less", .hole(size: size - 1, after: head))
    case 3: return noted("one byte more", .hole(size: size + 1, after: head))
    case 4: return noted("right size", .hole(size: size, after: head))
    case 5: return noted("bomb", .link(to: bomb))
    case 6: return noted("without an end", .link(to: "/dev/zero"))
    case 7: return noted("nothing", .link(to: "/dev/null"))
    case 8: return noted("a link to nowhere", .link(to: "nowhere"))
    case 9: return noted("a folder", .link(to: "."))
    case 10: return noted("gzip", .bytes(gzip))
    case 11: return noted("gzip without its end", .bytes(gzip.dropLast(mutator.random.number(1...20))))
    case 12: return noted("gzip with more behind", .bytes(gzip + noise))
    case 13: return noted("two members", .bytes(gzip + Wire.gzip(noise)))
    case 14: return noted("gzip's header", .bytes([UInt8](gzip.prefix(mutator.random.number(1...12)))))
    case 15: return noted("gzip with another length", .bytes(gzip.dropLast(4) + Wire.littleEndian(UInt32.max)))
    case 16: return noted("gzip with flags", .bytes(gzip[..<3] + [UInt8(mutator.random.number(0...255))] + gzip[4...]))
    default: return .bytes(mutator.damaged(gzip, head: 40))
    }
  }
}
