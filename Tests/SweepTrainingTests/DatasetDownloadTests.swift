import Foundation
import SweepCore
import SweepNumerics
import SweepTestSupport
import SweepTraining
import Testing

/// Against a real HTTP server on the loopback interface.
struct DatasetDownloadTests {
  /// An archive with a folder "set" and its MD5 sum.
  private func archive(in folder: TemporaryFolder) throws -> (bytes: [UInt8], md5: String) {
    var generator = SeededGenerator(seed: 1, purpose: .synthetic)  // so that it does not compress
    try folder.write((0..<200_000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }, to: "made/set/data.bin")
    let path = folder.path("made.tar.gz")
    let tar = try Process.run(URL(fileURLWithPath: "/usr/bin/tar"), arguments: ["-czf", path, "-C", folder.path("made"), "set"])
    tar.waitUntilExit()
    let sum = Process()
    let pipe = Pipe()
    sum.executableURL = URL(fileURLWithPath: "/usr/bin/md5sum")
    sum.arguments = [path]
    sum.standardOutput = pipe
    try sum.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    sum.waitUntilExit()
    return ([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), String(text.prefix(32)))
  }

  private func download(_ server: LocalServer, md5: String) -> DatasetDownload {
    DatasetDownload(url: "http://127.0.0.1:\(server.port)/made.tar.gz", md5: md5, folderName: "set")
  }

  private func content(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path("to")).sorted()
  }

  @Test func aDownloadIsCheckedUnpackedAndLeavesNothingElse() throws {
    let folder = TemporaryFolder()
    let made = try archive(in: folder)
    let server = LocalServer(made.bytes)
    defer { server.stop() }
    let path = try download(server, md5: made.md5).fetch(to: folder.path("to"), showsProgress: false)
    #expect(path == folder.path("to/set"))
    #expect(try content(folder) == ["set"])
    #expect(FileManager.default.contents(atPath: path + "/data.bin")?.count == 200_000)
  }

  @Test func aBrokenDownloadIsContinuedWhereItStopped() throws {
    let folder = TemporaryFolder()
    let made = try archive(in: folder)
    let server = LocalServer(made.bytes, cuts: [10_000])
    defer { server.stop() }
    let download = download(server, md5: made.md5)
    #expect { try download.fetch(to: folder.path("to"), showsProgress: false) } throws: { "\($0)".contains("goes on where it stopped") }
    #expect(try content(folder) == ["made.tar.gz.part"])
    let path = try download.fetch(to: folder.path("to"), showsProgress: false)
    #expect(FileManager.default.contents(atPath: path + "/data.bin")?.count == 200_000)
    #expect((server.rangeStarts.last ?? 0) >= 10_000)
  }

  @Test func aCompletePartIsNotDownloadedAgain() throws {
    let folder = TemporaryFolder()
    let made = try archive(in: folder)
    try folder.write(made.bytes, to: "to/made.tar.gz.part")
    let server = LocalServer(made.bytes)
    defer { server.stop() }
    _ = try download(server, md5: made.md5).fetch(to: folder.path("to"), showsProgress: false)
    #expect(try content(folder) == ["set"])
  }

  @Test func aPartThatIsTooLongIsDeletedAndSaidSo() throws {
    let folder = TemporaryFolder()
    let made = try archive(in: folder)
    try folder.write(made.bytes + [1, 2, 3], to: "to/made.tar.gz.part")
    let server = LocalServer(made.bytes)
    defer { server.stop() }
    #expect { try download(server, md5: made.md5).fetch(to: folder.path("to"), showsProgress: false) } throws: { "\($0)".contains("deleted") }
    #expect(try download(server, md5: made.md5).fetch(to: folder.path("to"), showsProgress: false) == folder.path("to/set"))
  }

  @Test func aWrongChecksumIsToldAndNothingIsPutInPlace() throws {
    let folder = TemporaryFolder()
    let made = try archive(in: folder)
    let server = LocalServer(made.bytes.map { $0 ^ 1 })
    defer { server.stop() }
    #expect { try download(server, md5: made.md5).fetch(to: folder.path("to"), showsProgress: false) } throws: {
      "\($0)".contains("expected \(made.md5)") && "\($0)".contains("deleted")
    }
    #expect(try content(folder).isEmpty)
  }

  @Test func aServerThatIsNotThereIsAnInputOutputError() throws {
    let folder = TemporaryFolder()
    let server = LocalServer([1])
    server.stop()
    do throws(SweepError) {
      _ = try DatasetDownload(url: "http://127.0.0.1:1/made.tar.gz", md5: "", folderName: "set").fetch(to: folder.path("to"), showsProgress: false)
      Issue.record("nothing was there, and yet it was fetched")
    } catch { #expect(error.kind == .io) }
  }
}
