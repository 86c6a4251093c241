// `sweep data list | fetch | verify`: which data sets there are, getting one, and checking every byte's place.

import ArgumentParser
import SweepCore
import SweepReport
import SweepTraining

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "List, fetch and verify the data sets of the built-in trainer.",
    discussion: """
      Data sets are looked for in $SWEEP_DATA (which holds, or is, cifar-10-batches-bin or fashion-mnist), then in
      $XDG_CACHE_HOME/sweep or ~/.cache/sweep, Fashion-MNIST also in /usr/share/datasets/fashion-mnist (Debian's package
      dataset-fashion-mnist).

      EXAMPLE
        sweep data list
        sweep data fetch cifar10
        SWEEP_DATA=/data sweep data verify cifar10
      """, subcommands: [List.self, Fetch.self, Verify.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the data sets and where they are.", discussion: "EXAMPLE\n  sweep data list")
    @OptionGroup var format: FormatOption

    func run() throws {
      let folders = DataFolders()
      try folders.checkNamed()
      try format.print(
        Table(
          columns: [Table.Column("dataset"), Table.Column("folder"), Table.Column("summary")],
          rows: datasets.entries.map { name, source in
            let place = source.isMade ? "(made)" : source.folder(in: folders) ?? "(missing: \(source.remedy))"
            return [.text(name), .text(place), .text(source.summary)]
          }))
    }
  }

  struct Fetch: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Download a data set; a broken download is continued.", discussion: "EXAMPLE\n  sweep data fetch cifar10 --to /data")
    @Argument(help: "The data set: cifar10.", completion: .list(["cifar10"])) var dataset: String
    @Option(help: "The folder to put it in (default: the cache).") var to: String?
    @Option(help: ArgumentHelp("Another address of the same archive.", visibility: .hidden)) var url: String?
    @Flag(name: .shortAndLong, help: "No progress on standard error.") var quiet = false

    func run() throws {
      let source = try datasets.find(dataset)
      guard let official = source.download else { throw SweepError(.usage, "'\(dataset)' cannot be fetched", remedy: source.remedy) }
      let download = url.map { DatasetDownload(url: $0, md5: official.md5, folderName: official.folderName) } ?? official
      let folder = to ?? DataFolders().cache
      let path = try download.fetch(to: folder, showsProgress: !quiet && Terminal.errorIsTerminal)
      _ = try source.load(pool: 1, from: DataFolders(["SWEEP_DATA": folder]))
      Terminal.output(path + "\n")
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read every byte of a data set and count its labels.", discussion: "EXAMPLE\n  sweep data verify fashion-mnist")
    @Argument(help: "The data set (default: all that are there).", completion: .list(datasets.names)) var dataset: String?
    @OptionGroup var format: FormatOption

    func run() throws {
      let folders = DataFolders()
      try folders.checkNamed()
      let wanted = dataset.map { [$0] } ?? datasets.entries.filter { $0.plugin.folder(in: folders) != nil }.map(\.name)
      var rows: [[ParameterValue]] = []
      for name in wanted {
        let source = try datasets.find(name)
        let images = try source.load(pool: 1000, from: folders)
        for (split, range) in [("train", 0..<images.pool), ("test", images.pool..<images.labels.count)] {
          let counts = images.labels[range].reduce(into: [Int](repeating: 0, count: images.classes)) { $0[Int($1)] += 1 }
          rows.append([
            .text(name), .text(split), .integer(range.count), .text(counts.map(String.init).joined(separator: " ")),
            .text(counts.contains(0) ? "a class has no images" : "ok"),
          ])
        }
      }
      try format.print(Table(columns: ["dataset", "split", "images", "images_per_class", "layout_and_labels"].map { Table.Column($0) }, rows: rows))
    }
  }
}
