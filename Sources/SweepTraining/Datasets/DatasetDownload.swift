// Fetches CIFAR-10 with curl (which resumes, retries and follows proxies better than we would), checks it, and puts it in place in one move.
// An interrupted download leaves NAME.part and is continued; a wrong checksum or a failed unpacking leaves nothing else behind.

import Foundation
import SweepCore

/// A download with a known checksum.
package struct DatasetDownload: Sendable {
  package let url: String
  package let md5: String
  /// The folder that the archive holds.
  package let folderName: String

  package static let cifar10 = DatasetDownload(
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", md5: "c32a1d4ab5d03f1284b67883e8d87530", folderName: CIFAR10.folderName)

  package init(url: String, md5: String, folderName: String) { (self.url, self.md5, self.folderName) = (url, md5, folderName) }

  /// Downloads into `folder` and returns the path of the unpacked data set.
  /// - Parameter showsProgress: curl's bar on standard error.
  package func fetch(to folder: String, showsProgress: Bool) throws(SweepError) -> String {
    let files = FileManager.default
    let target = "\(folder)/\(folderName)"
    let archive = "\(folder)/\(url.split(separator: "/").last ?? "download")"
    let part = archive + ".part"
    let unpacked = "\(folder)/.unpacking-\(getpid())"
    do { try files.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw SweepError(.io, "cannot create the folder", place: folder, remedy: "choose another with --to")
    }
    try download(to: part, showsProgress: showsProgress)
    let sum = try run("md5sum", [part]).output.prefix(32)
    guard sum == md5 else {
      try? files.removeItem(atPath: part)
      throw SweepError(
        .input, "the download has the MD5 sum \(sum), expected \(md5); it was deleted", place: url,
        remedy: "run the command again; if it happens twice, the file at that address has changed")
    }
    defer { try? files.removeItem(atPath: unpacked) }
    do {
      try files.createDirectory(atPath: unpacked, withIntermediateDirectories: true)
      let tar = try run("tar", ["-xzf", part, "-C", unpacked])
      guard tar.status == 0 else {
        throw SweepError(.io, "tar could not unpack the archive: \(tar.errors)", place: part, remedy: "is the disk full?")
      }
      if files.fileExists(atPath: target) { try files.removeItem(atPath: target) }
      try files.moveItem(atPath: "\(unpacked)/\(folderName)", toPath: target)
      try files.removeItem(atPath: part)
    } catch let error as SweepError {
      throw error
    } catch {
      throw SweepError(
        .io, "cannot put the files in place: \(error.localizedDescription)", place: target, remedy: "is the disk full, or the folder read-only?")
    }
    return target
  }

  private func download(to part: String, showsProgress: Bool) throws(SweepError) {
    let options = ["--fail", "--location", "--retry", "3", "--continue-at", "-", "--output", part]
    let result = try run("curl", options + [showsProgress ? "--progress-bar" : "--silent", "--show-error", url], showsErrors: showsProgress)
    switch result.status {
    case 0: return
    case 33, 36:
      // The server cannot continue, or there is nothing left to continue with: start over, once.
      try? FileManager.default.removeItem(atPath: part)
      let again = try run("curl", options + ["--silent", "--show-error", url])
      if again.status == 0 { return }
      throw failure(again)
    case 22 where result.errors.contains("416"): return  // all of it is there already; the checksum decides
    default: throw failure(result)
    }
  }

  private func failure(_ result: (status: Int32, output: String, errors: String)) -> SweepError {
    SweepError(
      .io, "the download stopped (curl's exit code \(result.status)) \(result.errors.trimmingCharacters(in: .whitespacesAndNewlines))", place: url,
      remedy: "run the command again: it goes on where it stopped")
  }

  private func run(_ program: String, _ arguments: [String], showsErrors: Bool = false) throws(SweepError) -> (
    status: Int32, output: String, errors: String
  ) {
    let process = Process()
    let output = Pipe()
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = output
    process.standardError = showsErrors ? FileHandle.standardError : errors
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { throw SweepError(.io, "cannot start \(program): \(error.localizedDescription)", remedy: "install \(program)") }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaint = showsErrors ? "" : String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus == 127 { throw SweepError(.io, "\(program) is not installed", remedy: "run 'apt-get install \(program)'") }
    return (process.terminationStatus, text, complaint)
  }
}
