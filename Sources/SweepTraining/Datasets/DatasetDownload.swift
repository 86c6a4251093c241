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

  package init(url: String, md5: String, folderName: String) { (self.url, self.md5, self.folderName) = (url, md5, folderName) }

  /// Downloads into `folder` and returns the path of the unpacked data set.
  /// - Parameter showsProgress: curl's bar on standard error.
  package func fetch(to folder: String, showsProgress: Bool) throws(SweepError) -> String {
    let files = FileManager.default
    let target = "\(folder)/\(folderName)"
    let archive = "\(folder)/\(url.split(separator: "/").last ?? "download")"
    let part = archive + ".part"
    let unpacked = "\(folder)/.unpacking"
    try? files.removeItem(atPath: unpacked)  // of a fetch that was killed
    do { try files.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw SweepError(.io, "cannot create the folder", place: folder, remedy: "choose another with --to")
    }
    try download(to: part, showsProgress: showsProgress)
    let summed = try run("md5sum", [part])
    guard summed.status == 0 else { throw SweepError(.io, "md5sum could not read the download: \(summed.output)", place: part) }
    let sum = summed.output.prefix(32)
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
        throw SweepError(.io, "tar could not unpack the archive: \(tar.output)", place: part, remedy: "is the disk full?")
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
    let options = ["--fail", "--location", "--retry", "3", "--continue-at", "-", "--output", part, "--write-out", "%{http_code}"]
    let result = try run("curl", options + [showsProgress ? "--progress-bar" : "--silent", "--show-error", url], showsErrors: showsProgress)
    switch result.status {
    case 0: return
    // There is nothing after what we have: all of it is here already, or more than all. The checksum decides.
    case 22 where result.output.hasSuffix("416"): return
    case 33, 36:
      // The server cannot continue, or there is nothing left to continue with: start over, once.
      try? FileManager.default.removeItem(atPath: part)
      let again = try run("curl", options + ["--silent", "--show-error", url])
      if again.status == 0 { return }
      throw failure(again)
    default: throw failure(result)
    }
  }

  private func failure(_ result: (status: Int32, output: String)) -> SweepError {
    SweepError(
      .io,
      "the download stopped (curl's exit code \(result.status))\(result.output.split(separator: "\n").last { $0.hasPrefix("curl") }.map { ": \($0)" } ?? "")",
      place: url,
      remedy: "run the command again: it goes on where it stopped")
  }

  /// Runs a program to its end. Its complaints are part of its output, or go to our standard error as they come.
  private func run(_ program: String, _ arguments: [String], showsErrors: Bool = false) throws(SweepError) -> (status: Int32, output: String) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = output
    process.standardError = showsErrors ? FileHandle.standardError : output
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { throw SweepError(.io, "cannot start \(program): \(error.localizedDescription)", remedy: "install \(program)") }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus == 127 { throw SweepError(.io, "\(program) is not installed", remedy: "run 'apt-get install \(program)'") }
    return (process.terminationStatus, text)
  }
}
