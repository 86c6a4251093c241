// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility")]

/// A room of the house: a Swift library target. An arrow of `docs/tour.md` is an entry in `on`.
func room(_ name: String, on dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of a room; they mirror its files.
func tests(_ name: String, on dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies + ["SweepTestSupport"], swiftSettings: settings)
}

let grdb: [Target.Dependency] = [
  .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
]

let package = Package(
  name: "sweep",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "sweep", targets: ["SweepCLI"]),
    .library(name: "SweepKit", targets: ["SweepKit"]),
    // For tests alone.
    .library(name: "CFaults", type: .dynamic, targets: ["CFaults"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    .target(name: "CNumerics"),
    room("SweepNumerics", on: ["CNumerics"]),
    room("SweepCore", on: ["SweepNumerics"]),
    room("SweepFormats", on: ["SweepCore"]),
    room("SweepSearch", on: ["SweepCore", "SweepNumerics"]),
    .target(name: "CKernels"),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    room("SweepTraining", on: ["SweepCore", "SweepNumerics", "CKernels", "CZlib"]),
    .target(name: "CSpawn"),
    room("SweepExecutors", on: ["SweepCore", "SweepFormats", "SweepTraining", "CSpawn"]),
    room("SweepStore", on: ["SweepCore"] + grdb),
    room("SweepReport", on: ["SweepCore", "SweepNumerics", "SweepStore"]),
    room(
      "SweepKit",
      on: [
        "SweepCore", "SweepSearch", "SweepFormats", "SweepExecutors", "SweepStore", "Yams", .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(
      name: "SweepCLI",
      dependencies: [
        "SweepKit", "SweepReport", "SweepStore", "SweepTraining", "SweepCore",
        .product(name: "ArgumentParser", package: "swift-argument-parser"), .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),

    // What `make bench` runs; not a product.
    .executableTarget(
      name: "sweep-benchmarks",
      dependencies: [
        "SweepReport", "SweepStore", "SweepTraining", "SweepCore", "SweepNumerics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/SweepBenchmarks", swiftSettings: settings),

    // What `make lab` runs; not a product.
    .executableTarget(
      name: "sweep-lab",
      dependencies: [
        "SweepKit", "SweepReport", "SweepStore", "SweepTraining", "SweepCore", "SweepNumerics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/SweepLab", swiftSettings: settings),

    // What `make torture`, `make fuzz` and `make soak` run; not a product.
    .executableTarget(
      name: "sweep-torture",
      dependencies: [
        "SweepTestSupport", "SweepKit", "SweepStore", "SweepTraining", "SweepExecutors", "SweepFormats", "SweepCore", "SweepNumerics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Torture", swiftSettings: settings),

    // Faults of disks and clocks, for LD_PRELOAD.
    .target(name: "CFaults", path: "Tests/CFaults"),

    .target(
      name: "SweepTestSupport", dependencies: ["SweepCore", "SweepNumerics", "SweepExecutors", "SweepStore", "SweepKit"],
      path: "Tests/SweepTestSupport",
      swiftSettings: settings),
    tests("SweepNumericsTests", on: ["SweepNumerics"]),
    tests("SweepCoreTests", on: ["SweepCore"]),
    tests("SweepFormatsTests", on: ["SweepCore", "SweepFormats", "SweepNumerics"]),
    tests("SweepSearchTests", on: ["SweepCore", "SweepNumerics", "SweepSearch"]),
    tests("SweepTrainingTests", on: ["SweepCore", "SweepNumerics", "SweepTraining", "CKernels"]),
    tests("SweepExecutorsTests", on: ["SweepCore", "SweepExecutors", "SweepFormats", "SweepTraining"]),
    tests("SweepStoreTests", on: ["SweepCore", "SweepStore"] + grdb),
    tests("SweepKitTests", on: ["SweepCore", "SweepNumerics", "SweepKit", "SweepStore", "SweepTraining", "SweepExecutors", "SweepSearch"]),
    tests("SweepReportTests", on: ["SweepCore", "SweepNumerics", "SweepReport", "SweepStore"]),
    tests(
      "EndToEndTests", on: ["SweepCLI", "sweep-torture", "CFaults", "SweepReport", "SweepCore", "SweepExecutors", "SweepKit", "SweepTraining"] + grdb),
  ],
  swiftLanguageModes: [.v6]
)
