// Numbers with their nouns, for messages.

/// "1 trial", "2 trials".
public func counted(_ count: Int, _ noun: String) -> String { count == 1 ? "1 \(noun)" : "\(count) \(noun)s" }
