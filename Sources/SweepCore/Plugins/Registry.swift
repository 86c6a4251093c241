// Names to plugins: samplers, pruners, trainers, data sets, losses, exporters. Each room has one file that fills its registry.

/// An ordered table of named plugins. Looking up an unknown name gives an error that lists the known ones and the nearest.
public struct Registry<Plugin: Sendable>: Sendable {
  /// What the plugins are, in the singular: "sampler".
  public let kind: String
  public let entries: [(name: String, plugin: Plugin)]

  public init(_ kind: String, _ entries: [(name: String, plugin: Plugin)]) {
    precondition(Set(entries.map(\.name)).count == entries.count, "every \(kind) needs its own name")
    self.kind = kind
    self.entries = entries
  }

  public var names: [String] { entries.map(\.name) }

  public subscript(name: String) -> Plugin? { entries.first { $0.name == name }?.plugin }

  /// - Throws: `SweepError` that names the nearest known plugin.
  public func find(_ name: String) throws(SweepError) -> Plugin {
    guard let plugin = self[name] else { throw SweepError(.input, unknown(name)) }
    return plugin
  }

  public func unknown(_ name: String) -> Diagnostic { .unknown(kind, name, known: names) }
}

extension Diagnostic {
  /// "unknown sampler 'gird' — did you mean 'grid'? known: grid"
  public static func unknown(_ kind: String, _ name: String, known: [String], place: String? = nil) -> Diagnostic {
    let hint = nearest(to: name, in: known).map { "did you mean '\($0)'? " } ?? ""
    return Diagnostic("unknown \(kind) '\(name)'", place: place, remedy: hint + "known: " + known.joined(separator: ", "))
  }
}

/// The candidate with the smallest edit distance, if it is near enough to be a slip of the pen: at most a third of the longer length, at least 2.
public func nearest(to word: String, in candidates: [String]) -> String? {
  candidates.map { (candidate: $0, distance: editDistance(word, $0)) }
    .filter { $0.distance <= max(2, max(word.count, $0.candidate.count) / 3) && $0.distance < word.count }
    .min { $0.distance < $1.distance }?.candidate
}

/// Levenshtein distance, upper and lower case alike, words beyond 64 characters cut.
func editDistance(_ one: String, _ other: String) -> Int {
  let one = Array(one.lowercased().prefix(64))
  let other = Array(other.lowercased().prefix(64))
  var row = Array(0...other.count)
  for i in one.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in other.indices {
      let substitution = diagonal + (one[i] == other[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[other.count]
}
