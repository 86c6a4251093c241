// The parameters of the built-in trainer: what a sweep file may set, in which range, and the typed values of one trial.
// The declarations are the only place that knows ranges and defaults; the loader checks every value against them.

import SweepCore

/// The settings of one training of the one-layer network.
package struct Hyperparameters: Sendable, Equatable {
  package let lambda: Double
  package let eta: Double
  package let batchSize: Int
  /// Epochs between two decays; nil: none.
  package let decayEvery: Int?
  package let decayFactor: Double
  package let epochs: Int
  package let loss: String
  package let data: DataSelection
  package let seed: Int
  package let trainMetrics: TrainMetrics

  /// Where loss and accuracy of the training split come from.
  package enum TrainMetrics: String, Sendable, CaseIterable {
    /// An evaluation of the whole split after the epoch.
    case exact
    /// The epoch's own batches, each before its step: they cost nothing, and lag behind.
    case running
  }

  package static let declarations: [ParameterDeclaration] = [
    ParameterDeclaration("lambda", .real(from: 0), default: .real(0), meaning: "weight of the L2 penalty lambda·‖W‖²"),
    ParameterDeclaration("eta", .real(above: 0), meaning: "learning rate"),
    ParameterDeclaration("batch_size", .integer(1...1_000_000), default: .integer(100), meaning: "images per step"),
    ParameterDeclaration("decay_every", .integer(1...1_000_000), allowsNull: true, default: .null, meaning: "epochs between step decays; null: none"),
    ParameterDeclaration("decay_factor", .real(above: 0, upTo: 1), default: .real(0.1), meaning: "eta is multiplied by it at each step decay"),
    ParameterDeclaration("epochs", .integer(1...1_000_000), default: .integer(40), meaning: "passes over the training split"),
    ParameterDeclaration("loss", .choice(losses.names), default: .text("softmax_cross_entropy"), meaning: "what training minimises"),
    ParameterDeclaration("dataset", .choice(datasets.names), default: .text("cifar10"), meaning: "the images"),
    ParameterDeclaration("training_images", .integer(1...10_000_000), default: .integer(49_000), meaning: "the first images of the training set"),
    ParameterDeclaration("validation_images", .integer(1...10_000_000), default: .integer(1_000), meaning: "the images after them"),
    ParameterDeclaration("seed", .integer(Int.min...Int.max), default: .integer(1), meaning: "initial weights and order of the images"),
    ParameterDeclaration(
      "scaling", .choice(Scaling.allCases.map(\.rawValue)), default: .text(Scaling.standardise.rawValue),
      meaning: "standardise: pixels less their mean, by their standard deviation; centre: pixels of 0 to 1 less their mean"),
    ParameterDeclaration(
      "train_metrics", .choice(TrainMetrics.allCases.map(\.rawValue)), default: .text(TrainMetrics.exact.rawValue),
      meaning: "exact: loss and accuracy of the training split after each epoch; running: averages over its batches, for nothing"),
  ]

  /// - Precondition: the loader has checked every value and filled in the defaults.
  package init(_ assignment: Assignment) {
    func integer(_ name: String) -> Int? { if case .integer(let value)? = assignment[name] { value } else { nil } }
    func required<Value>(_ value: Value?, _ name: String) -> Value {
      guard let value else { preconditionFailure("the parameter \(name) was not checked: \(assignment.json)") }
      return value
    }
    func text(_ name: String) -> String { required(assignment[name], name).description }
    lambda = required(assignment["lambda"]?.number, "lambda")
    eta = required(assignment["eta"]?.number, "eta")
    batchSize = required(integer("batch_size"), "batch_size")
    decayEvery = integer("decay_every")
    decayFactor = required(assignment["decay_factor"]?.number, "decay_factor")
    epochs = required(integer("epochs"), "epochs")
    loss = text("loss")
    data = DataSelection(
      dataset: text("dataset"), trainingImages: required(integer("training_images"), "training_images"),
      validationImages: required(integer("validation_images"), "validation_images"), scaling: required(Scaling(rawValue: text("scaling")), "scaling"))
    seed = required(integer("seed"), "seed")
    trainMetrics = required(TrainMetrics(rawValue: text("train_metrics")), "train_metrics")
  }
}

/// Which images a trial trains and validates on.
package struct DataSelection: Sendable, Hashable {
  package let dataset: String
  package let trainingImages: Int
  package let validationImages: Int
  package let scaling: Scaling

  package init(dataset: String, trainingImages: Int, validationImages: Int, scaling: Scaling = .standardise) {
    (self.dataset, self.trainingImages, self.validationImages, self.scaling) = (dataset, trainingImages, validationImages, scaling)
  }
}

/// What becomes of a pixel before training, per dimension, by the training split.
package enum Scaling: String, Sendable, CaseIterable {
  /// (x − mean) / standard deviation.
  case standardise
  /// x − mean, with x of 0...1.
  case centre
}
