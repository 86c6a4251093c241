// The register of data sets, and the place where a process keeps those it has loaded: one copy for all workers.

import SweepCore
import Synchronization

package let datasets = Registry<any DatasetSource>(
  "dataset",
  [
    ("cifar10", CIFAR10()),
    ("fashion-mnist", FashionMNIST()),
    ("synthetic", Synthetic()),
  ])

/// Loads each data set once. A second worker that asks for one being loaded waits for it.
// Sendable: both tables are in the one Mutex.
package final class DatasetCache: Sendable {
  private struct Key: Hashable {
    let dataset: String
    let pool: Int
  }
  private let folders: DataFolders
  private struct SplitKey: Hashable {
    let selection: DataSelection
    let name: String
  }
  private let loaded = Mutex<(sets: [Key: ImageSet], selections: [DataSelection: TrainingData], splits: [SplitKey: ImageSplit])>(([:], [:], [:]))

  package init(folders: DataFolders = DataFolders()) { self.folders = folders }

  /// The images of a selection with their standardisation.
  /// - Throws: where the data set is missing or damaged, or has too few images.
  package func data(for selection: DataSelection) throws(SweepError) -> TrainingData {
    let source = try datasets.find(selection.dataset)
    try Self.check(selection)
    return try loaded.withLock { tables throws(SweepError) in
      if let data = tables.selections[selection] { return data }
      let wanted = selection.trainingImages + selection.validationImages
      let key = Key(dataset: selection.dataset, pool: source.pool ?? wanted)
      let images: ImageSet
      if let present = tables.sets[key] { images = present } else { images = try source.load(pool: wanted, from: folders) }
      tables.sets[key] = images
      let data = TrainingData(
        images, trainingImages: selection.trainingImages, validationImages: selection.validationImages, scaling: selection.scaling)
      tables.selections[selection] = data
      return data
    }
  }

  /// A split of a selection as predictions name it.
  /// - Parameter name: train, validation or test.
  package func split(_ name: String, of selection: DataSelection) throws(SweepError) -> ImageSplit {
    let key = SplitKey(selection: selection, name: name)
    if let known = loaded.withLock({ $0.splits[key] }) { return known }
    let (source, data) = (try datasets.find(selection.dataset), try data(for: selection))
    guard let range = data.range(ofSplit: name) else {
      throw SweepError(.usage, .unknown("split", name, known: ["train", "validation", "test"]))
    }
    let images = data.images
    let split = ImageSplit(
      name: name, source: "\(selection.dataset), images \(range.lowerBound) to \(range.upperBound - 1)", fingerprint: images.fingerprint(of: range),
      labels: Array(images.labels[range]), classes: source.classNames)
    loaded.withLock { $0.splits[key] = split }
    return split
  }

  /// - Throws: where the data set has fewer images than the selection asks for. Reads nothing.
  package static func check(_ selection: DataSelection) throws(SweepError) {
    let source = try datasets.find(selection.dataset)
    let wanted = selection.trainingImages + selection.validationImages
    if let pool = source.pool, wanted > pool {
      throw SweepError(
        .input, "training_images + validation_images is \(wanted), but \(selection.dataset) has \(pool) images to train and validate on",
        remedy: "use smaller numbers, \(pool) together at most")
    }
  }
}
