// Statements of SQL that were thought out by hand to do harm, and a small grammar for those that nobody thought out.
// Under the target `sql`; nothing is asked here.

import SweepCore

enum FuzzStatements {
  private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  /// Each is made when its turn comes, for some are long.
  static let hostile: [@Sendable () -> String] = (writing + endless + large + odd).map { statement in { @Sendable in statement } } + long

  // Without heap limits: those are of the whole process, and would have all statements after them refused.
  private static let writing = [
    "ATTACH 'stolen.sqlite' AS other", "ATTACH ':memory:' AS other", "ATTACH '' AS other", "ATTACH 'file:stolen.sqlite?mode=rwc' AS other",
    "VACUUM", "VACUUM INTO 'stolen.sqlite'", "DETACH main", "DELETE FROM trial", "UPDATE trial SET state = 'failed'", "DROP TABLE trial", "REINDEX",
    "INSERT INTO event (at, sweep_id, kind) VALUES ('now', 1, 'x')", "DELETE FROM trial RETURNING *", "UPDATE trial SET number = number RETURNING 1",
    "WITH x AS (SELECT 1) DELETE FROM trial", "WITH x AS (SELECT 1) INSERT INTO event (at, sweep_id, kind) SELECT 'now', 1, 'x' FROM x RETURNING id",
    "CREATE TABLE t (x)", "CREATE TEMP TABLE t (x)", "CREATE TEMP VIEW sweep AS SELECT 1", "CREATE VIRTUAL TABLE t USING fts5(x)", "ANALYZE",
    "CREATE TEMP TRIGGER t AFTER DELETE ON trial BEGIN SELECT 1; END", "ALTER TABLE trial RENAME TO t", "BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE",
    "COMMIT",
    "ROLLBACK", "SAVEPOINT s", "RELEASE s", "PRAGMA journal_mode", "PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = WAL",
    "PRAGMA journal_mode = OFF",
    "PRAGMA writable_schema = 1", "PRAGMA query_only = 0", "PRAGMA locking_mode = EXCLUSIVE", "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA user_version = 7",
    "PRAGMA application_id = 7", "PRAGMA schema_version = 7", "PRAGMA incremental_vacuum", "PRAGMA optimize", "PRAGMA auto_vacuum = FULL",
    "PRAGMA encoding = 'UTF-16'",
    "PRAGMA page_size = 512", "PRAGMA temp_store_directory = '.'", "PRAGMA data_store_directory = '.'", "PRAGMA temp_store = 1",
    "PRAGMA mmap_size = 1000000000",
    "PRAGMA cache_size = 1000000000", "PRAGMA threads = 100", "PRAGMA trusted_schema = 1",
    "PRAGMA foreign_keys = 0", "PRAGMA ignore_check_constraints = 1", "PRAGMA integrity_check", "PRAGMA quick_check", "PRAGMA database_list",
    "PRAGMA nothing",
    "PRAGMA busy_timeout = 1000000000", "PRAGMA max_page_count = 1", "PRAGMA shrink_memory", "PRAGMA wal_autocheckpoint = 1",
    "PRAGMA secure_delete = 1",
    "SELECT * FROM pragma_journal_mode('DELETE')", "SELECT * FROM pragma_user_version(7)", "SELECT * FROM pragma_wal_checkpoint",
    "SELECT load_extension('x')",
    "SELECT * FROM pragma_database_list", "SELECT readfile('/etc/passwd')", "SELECT writefile('stolen', 'x')", "SELECT edit('x')",
    "SELECT fts3_tokenizer('x')",
    "SELECT * FROM fsdir('/')", "SELECT * FROM dbstat", "SELECT * FROM sqlite_dbpage", "SELECT * FROM sqlite_stmt",
    "SELECT * FROM bytecode('SELECT 1')",
    "EXPLAIN DELETE FROM trial", "EXPLAIN QUERY PLAN SELECT * FROM trials_example", "EXPLAIN VACUUM INTO 'stolen.sqlite'",
    "SELECT sqlite_compileoption_get(1)",
  ]

  private static let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"

  private static let endless = [
    "\(numbers) SELECT count(*) FROM n", "\(numbers) SELECT i FROM n", "\(numbers) SELECT i FROM n WHERE i < 0",
    "\(numbers) SELECT i FROM n ORDER BY -i",
    "\(numbers) SELECT DISTINCT i % 10 FROM n", "\(numbers) SELECT group_concat(i) FROM n", "\(numbers) SELECT json_group_array(i) FROM n",
    "\(numbers) SELECT i, sum(i) OVER (ORDER BY i) FROM n", "\(numbers) SELECT max(a.i) FROM n AS a, n AS b", "\(numbers) SELECT i FROM n GROUP BY i",
    "WITH RECURSIVE n (t) AS (SELECT 'x' UNION ALL SELECT t || t FROM n) SELECT max(length(t)) FROM n",
    "WITH RECURSIVE n (t) AS (SELECT 'x' UNION SELECT t || 'x' FROM n) SELECT count(*) FROM n",
    "SELECT count(*) FROM epoch_metric AS a, epoch_metric AS b, epoch_metric AS c",
    "SELECT count(*) FROM predictions_example AS a, predictions_example AS b",
    "SELECT * FROM predictions_example ORDER BY random()", "SELECT 'a' || repeat FROM (SELECT 1 AS repeat) WHERE repeat LIKE '%' || repeat || '%'",
    "SELECT replace(hex(zeroblob(10000000)), '0', 'xxxxxxxxxxxxxxxxxxxx')", "SELECT printf('%0900000000d', 1)", "SELECT hex(randomblob(100000000))",
    "WITH t AS (SELECT hex(zeroblob(50000)) AS x) SELECT x LIKE '%0%0%0%0%0%0%0%0%0%0%0%1' FROM t",
    "SELECT hex(zeroblob(50000)) GLOB '*0*0*0*0*0*0*0*0*0*1'",
  ]

  private static let large = [
    "SELECT zeroblob(2e9)", "SELECT zeroblob(1e9)", "SELECT length(zeroblob(999999999))", "SELECT zeroblob(9223372036854775807)",
    "SELECT randomblob(2e9)",
    "SELECT randomblob(500000000)", "SELECT printf('%.*c', 1000000000, 'x')", "SELECT printf('%.*c', 300000000, 'x')",
    "SELECT format('%2147483647d', 1)",
    "SELECT printf('%.2147483647f', 1)", "SELECT hex(zeroblob(500000000))", "SELECT quote(zeroblob(400000000))",
    "SELECT upper(printf('%.*c', 100000000, 'x'))",
    "SELECT group_concat(hex(zeroblob(100000))) FROM epoch_metric", "SELECT json_group_array(hex(zeroblob(100000))) FROM epoch_metric",
    "SELECT json_group_object(value, hex(zeroblob(100000))) FROM epoch_metric", "SELECT hex(zeroblob(100000)) AS x FROM epoch_metric ORDER BY x",
    "SELECT DISTINCT randomblob(100000) FROM epoch_metric", "SELECT json_array(zeroblob(1))", "SELECT json(printf('%.*c', 1000000, '['))",
    "SELECT count(*) FROM json_each('[' || printf('%.*c', 10000000, '1') || ']')", "SELECT jsonb(printf('[%.*c]', 1000000, '1'))",
    "SELECT json_extract('{}', '$' || replace(hex(zeroblob(100000)), '00', '.a'))",
    "SELECT * FROM json_tree(replace(hex(zeroblob(900)), '00', '[') || '1')",
  ]

  private static let odd = [
    "", " ", ";", ";;;", "-- nothing", "/* nothing", "/* nothing */", "SELECT 1;", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE trial",
    "SELECT 1; -- x",
    "SELECT 1\0; DROP TABLE trial", "\0", "\u{feff}SELECT 1", "SELECT 'unended", "SELECT \"unended", "SELECT [unended", "SELECT ?",
    "SELECT ?1, :a, @b, $c",
    "SELECT ?99999999", "SELECT 9223372036854775808", "SELECT -9223372036854775808", "SELECT abs(-9223372036854775807 - 1)",
    "SELECT 1e999, -1e999, 0.0 / 0",
    "SELECT x'00ff', CAST(x'ff' AS TEXT)", "SELECT x'0'", "SELECT char(0, 55296, 1114111)", "SELECT 1 AS a, 2 AS a, 3 AS ''", "VALUES (1), (2)",
    "SELECT",
    "SELECT * FROM", "SELECT * FROM trial LIMIT -1 OFFSET 9223372036854775807", "SELECT * FROM sqlite_master", "SELECT * FROM trails_example",
    "SELECT lamda FROM trials_example", "SELECT \(repeated("1,", 1_999))1", "SELECT \(repeated("1,", 3_000))1", "SELECT unknown(1)",
    "SELECT max() FROM trial",
    "SELECT random() FROM trial ORDER BY 1 DESC, 2", "SELECT strftime('%J', 1e300), date('9999-12-31', '+1000000000 years')",
    "SELECT 1 COLLATE nothing",
    "SELECT substr('abc', -9223372036854775807, 9223372036854775807)", "SELECT round(1e308, 2147483647)", "SELECT likelihood(1, 2)",
    "SELECT zeroblob(-1)",
    "SELECT CAST('9' AS INTEGER) << 9223372036854775807, 1 % 0, -9223372036854775808 / -1", "SELECT instr(x'', ''), trim(NULL, NULL), unhex('zz')",
  ]

  private static let long: [@Sendable () -> String] = [
    { "SELECT " + repeated("(", 1_000_000) }, { "SELECT " + repeated("(", 500_000) + "1" + repeated(")", 500_000) },
    { "SELECT 1" + repeated(" + 1", 100_000) },
    { "SELECT 1" + repeated(" UNION SELECT 1", 10_000) }, { "SELECT 1" + repeated(" UNION ALL SELECT 1", 400) },
    { "SELECT " + repeated("NOT ", 100_000) + "1" },
    { "SELECT " + repeated("-", 100_001) + "1" }, { "SELECT " + repeated("- ", 100_001) + "1" }, { repeated("SELECT * FROM (", 10_000) + "SELECT 1" },
    { "SELECT 1 IN (" + repeated("1,", 200_000) + "1)" }, { "SELECT * FROM trial" + repeated(", trial", 100) },
    { "VALUES " + repeated("(1),", 200_000) + "(1)" },
    { "SELECT '" + repeated("x", 2_000_000) + "'" }, { "SELECT " + repeated("x", 1_000_000) }, { "SELECT 1 AS \"" + repeated("x", 1_000_000) + "\"" },
    { "SELECT CASE" + repeated(" WHEN 0 THEN 1", 50_000) + " END" }, { "SELECT max(" + repeated("1,", 50_000) + "1)" },
    { repeated("-- x\n", 200_000) + "SELECT 1" },
    { "SELECT " + repeated("abs(", 50_000) + "1" + repeated(")", 50_000) }, { "SELECT 'x'" + repeated(" || 'x'", 50_000) },
    { repeated("/*", 500_000) },
    { "WITH " + (0..<2_000).map { "c\($0) AS (SELECT 1)" }.joined(separator: ", ") + " SELECT 1" },
    {
      "WITH c0 AS (SELECT 1 AS x)" + (1..<40).map { ", c\($0) AS (SELECT a.x FROM c\($0 - 1) AS a, c\($0 - 1) AS b)" }.joined()
        + " SELECT count(*) FROM c39"
    },
  ]

  // MARK: - A grammar

  private static let columns = [
    "trial", "state", "objective", "epoch", "value", "x", "kind", "score", "id", "number", "parameters", "lambda", "eta", "*", "rowid", "name",
    "label", "rank",
  ]
  private static let relations = [
    "trials_example", "epochs_example", "predictions_example", "trial", "sweep", "metric", "epoch_metric", "trial_metric", "parameter", "event",
    "split",
    "prediction", "model", "checkpoint", "attempt", "sqlite_master", "grdb_migrations", "pragma_table_info('trial')", "json_each('[1,{\"a\":2}]')",
    "nothing",
  ]
  private static let values = [
    "0", "1", "-1", "1e999", "9223372036854775807", "-9223372036854775808", "0.5", "NULL", "''", "'a'", "x'00ff'", "'%'", "'$.x'", "'{\"a\":[1,2]}'",
    "'\u{301}'",
    "zeroblob(1000)", "'now'", "'%s%n%q%w%.999999c'", "CURRENT_TIMESTAMP", "random()",
  ]
  private static let functions = [
    "abs", "count", "sum", "avg", "max", "min", "total", "group_concat", "length", "substr", "instr", "replace", "round", "hex", "unhex", "quote",
    "printf", "char",
    "unicode", "coalesce", "nullif", "typeof", "json", "json_extract", "json_set", "json_patch", "json_group_array", "json_type", "jsonb", "strftime",
    "date",
    "julianday", "zeroblob", "randomblob", "like", "glob", "trim", "upper", "sign", "sqrt", "pow", "log", "iif", "row_number", "lag", "ntile",
    "nth_value", "rank",
  ]
  private static let operators = [
    "+", "-", "*", "/", "%", "||", "=", "<>", "<", ">=", "IS", "IS NOT", "AND", "OR", "LIKE", "GLOB", "->", "->>", "<<", ">>", "&", "|", "IN",
    "MATCH", "REGEXP",
  ]

  static func expression(_ mutator: inout Mutator, depth: Int) -> String {
    func part() -> String { expression(&mutator, depth: depth - 1) }
    switch mutator.random.number(0...(depth > 0 ? 9 : 3)) {
    case 0...1: return mutator.random.pick(columns)
    case 2...3: return mutator.random.pick(values)
    case 4...5: return "(\(part()) \(mutator.random.pick(operators)) \(part()))"
    case 6...7:
      let arguments = (0..<mutator.random.number(0...3)).map { _ in part() }.joined(separator: ", ")
      let suffix =
        mutator.random.oneIn(6) ? " OVER (PARTITION BY \(part()) ORDER BY \(part()))" : mutator.random.oneIn(6) ? " FILTER (WHERE \(part()))" : ""
      return "\(mutator.random.pick(functions))(\(arguments))\(suffix)"
    case 8: return "CASE WHEN \(part()) THEN \(part()) ELSE \(part()) END"
    default: return "(\(select(&mutator, depth: depth - 1)))"
    }
  }

  private static func select(_ mutator: inout Mutator, depth: Int) -> String {
    let terms = (0..<mutator.random.number(1...3)).map { _ in expression(&mutator, depth: depth) }.joined(separator: ", ")
    let sources = (0..<mutator.random.number(1...2)).map { _ in
      depth > 1 && mutator.random.oneIn(4) ? "(\(select(&mutator, depth: depth - 1)))" : mutator.random.pick(relations)
    }.joined(separator: mutator.random.pick([", ", " JOIN ", " LEFT JOIN ", " NATURAL JOIN "]))
    var text = "SELECT \(mutator.random.oneIn(5) ? "DISTINCT " : "")\(terms) FROM \(sources)"
    for clause in ["WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT"] where mutator.random.oneIn(3) {
      text += " \(clause) \(expression(&mutator, depth: depth))"
    }
    return depth > 0 && mutator.random.oneIn(6)
      ? "\(text) \(mutator.random.pick(["UNION", "UNION ALL", "EXCEPT"])) \(select(&mutator, depth: 0))" : text
  }

  static func random(_ mutator: inout Mutator) -> String { select(&mutator, depth: mutator.random.number(0...4)) }

  /// Words, and what is between them.
  static func tokens(of statement: String) -> [String] {
    statement.reduce(into: []) { tokens, character in
      let isWord = character.isLetter || character.isNumber || character == "_"
      if isWord, let last = tokens.last?.last, last.isLetter || last.isNumber || last == "_" {
        tokens[tokens.count - 1].append(character)
      } else {
        tokens.append(String(character))
      }
    }
  }
}
