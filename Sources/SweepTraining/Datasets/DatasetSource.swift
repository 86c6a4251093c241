// Where a data set's bytes come from, and in which folders it is looked for. One file per data set; Datasets.swift is the register.

import Foundation
import SweepCore

/// A data set that a sweep file can name.
package protocol DatasetSource: Sendable {
  /// "CIFAR-10: 50,000 + 10,000 colour images of 32 × 32, 10 classes"
  var summary: String { get }
  /// Images that training and validation may use; nil: as many as asked for.
  var pool: Int? { get }
  var testImages: Int { get }
  /// What each label stands for, in order.
  var classNames: [String] { get }
  /// What to do when it is not there, for an error's remedy.
  var remedy: String { get }
  /// How `sweep data fetch` gets it; nil: not at all.
  var download: DatasetDownload? { get }
  /// The folder it is in; nil: nowhere, or it is made, not read.
  func folder(in folders: DataFolders) -> String?
  /// Reads and checks every byte.
  /// - Parameter pool: how many images of the training pool are needed; only a made data set cares.
  /// - Throws: `SweepError` that names the file, the offset and the remedy.
  func load(pool: Int, from folders: DataFolders) throws(SweepError) -> ImageSet
}

extension DatasetSource {
  package var download: DatasetDownload? { nil }

  /// Whether it is made, not read.
  package var isMade: Bool { pool == nil }

  /// The folder, or an error that says where it was looked for.
  func located(in folders: DataFolders, name: String, also: [String] = []) throws(SweepError) -> String {
    if let folder = folder(in: folders) { return folder }
    try folders.checkNamed()
    throw SweepError(
      .input, "no \(name) in any of the data folders", place: (folders.roots.map { "\($0)/\(name)" } + also).joined(separator: ", "), remedy: remedy)
  }
}

/// The folders that data sets are looked for in: SWEEP_DATA first, then the cache by the XDG rules.
package struct DataFolders: Sendable {
  package let roots: [String]
  /// SWEEP_DATA where there is no such folder.
  package let missing: String?
  /// Where `sweep data fetch` puts things: $XDG_CACHE_HOME/sweep or ~/.cache/sweep.
  package let cache: String

  package init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    func absolute(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
    cache = (absolute("XDG_CACHE_HOME") ?? (environment["HOME"] ?? "/root") + "/.cache") + "/sweep"
    let named = environment["SWEEP_DATA"].flatMap { $0.isEmpty ? nil : $0 }
    missing = named.flatMap { FileManager.default.fileExists(atPath: $0) ? nil : $0 }
    roots = [named, cache].compactMap { $0 }
  }

  /// - Throws: where SWEEP_DATA names a folder that is not there.
  package func checkNamed() throws(SweepError) {
    if let missing {
      throw SweepError(.input, "SWEEP_DATA names a folder that is not there", place: missing, remedy: "correct it, or unset it")
    }
  }

  /// The first of root/name, or root itself, that has one of the files. A SWEEP_DATA that is not there is not passed over in silence.
  package func first(_ name: String, having files: [String], also: [String] = []) -> String? {
    guard missing == nil else { return nil }
    // Other data sets have files of the same names: a root is the data set only if it is called so.
    let places = roots.flatMap { ["\($0)/\(name)"] + (($0 as NSString).lastPathComponent == name ? [$0] : []) }
    return (places + also).first { folder in
      files.contains { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
    }
  }
}
