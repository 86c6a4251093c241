// A small HTTP server on the loopback interface that understands ranges and can break off, for the tests of downloads.

import Foundation
import Synchronization

/// Serves one file to any request, one connection after the other.
// Sendable: the descriptor is written once, the rest is in a Mutex.
package final class LocalServer: Sendable {
  private let descriptor: Int32
  package let port: UInt16
  private let content: [UInt8]
  private let state: Mutex<(cuts: [Int], ranges: [Int])>

  /// - Parameter cuts: after how many bytes of the body the first connections break off; later ones do not.
  package init(_ content: [UInt8], cuts: [Int] = []) {
    self.content = content
    state = Mutex((cuts, []))
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0 }
    }
    precondition(bound && listen(listener, 8) == 0, "no port on the loopback interface")
    descriptor = listener
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in while serve() {} }
  }

  package func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// The first byte that each request asked for.
  package var rangeStarts: [Int] { state.withLock { $0.ranges } }

  private func serve() -> Bool {
    let connection = accept(descriptor, nil, nil)
    guard connection >= 0 else { return false }
    defer { close(connection) }
    var request = [UInt8](repeating: 0, count: 4096)
    let count = recv(connection, &request, request.count, 0)
    let text = String(decoding: request[..<max(0, count)], as: UTF8.self)
    let start = text.split(separator: "bytes=").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
    let cut = state.withLock { state in
      state.ranges.append(start)
      return state.cuts.isEmpty ? nil : state.cuts.removeFirst()
    }
    guard start < content.count || start == 0 else {
      return reply(
        connection, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */\(content.count)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        [])
    }
    let status = start > 0 ? "206 Partial Content\r\nContent-Range: bytes \(start)-\(content.count - 1)/\(content.count)" : "200 OK"
    let body = content[start...].prefix(cut ?? .max)
    return reply(connection, "HTTP/1.1 \(status)\r\nContent-Length: \(content.count - start)\r\nConnection: close\r\n\r\n", Array(body))
  }

  private func reply(_ connection: Int32, _ header: String, _ body: [UInt8]) -> Bool {
    var rest = (Array(header.utf8) + body)[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if sent <= 0 { break }
      rest = rest.dropFirst(sent)
    }
    return true
  }
}
