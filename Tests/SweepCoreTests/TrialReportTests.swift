// Reports as values: what is written and read again is the same to the last bit.

import Foundation
import SweepCore
import SweepTestSupport
import Testing

struct TrialReportTests {
  @Test func aReportReadsBackAsItWas() throws {
    var made = MadeReports(seed: 1)
    for _ in 0..<1000 {
      let report = made.next()
      let text = try JSONEncoder().encode(report)
      #expect(try JSONDecoder().decode(TrialReport.self, from: text) == report, "\(String(decoding: text, as: UTF8.self))")
    }
  }

  @Test func numbersThatJSONLacksAndZerosBelowZeroAreKept() throws {
    let values: [(name: String, value: Double)] = [
      ("a", .nan), ("b", .infinity), ("c", -.infinity), ("d", -0.0), ("e", .leastNonzeroMagnitude), ("f", 1.7976931348623157e308), ("g", 0.1 + 0.2),
      ("h", 3),
    ]
    let report = TrialReport(
      trial: .init(rawValue: 1), attempt: 1, position: 1, at: 0, event: .epoch(EpochReport(EpochMetrics(epoch: 0, values: values))))
    let read = try JSONDecoder().decode(TrialReport.self, from: JSONEncoder().encode(report))
    #expect(read == report)
  }

  @Test func bytesThatAreCutAreRefused() {
    for text in ["QUJ", "QU=J", "QUJ\u{e9}", "===="] {
      let json = "{\"epoch\":1,\"format\":\"x\",\"state\":\"\(text)\"}"
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(Checkpoint.self, from: Data(json.utf8)) }
    }
  }
}
