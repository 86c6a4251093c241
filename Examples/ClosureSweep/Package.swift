// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "ClosureSweep",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "sweep", path: "../..")],
  targets: [
    .executableTarget(
      name: "ClosureSweep",
      dependencies: [.product(name: "SweepKit", package: "sweep")])
  ],
  swiftLanguageModes: [.v6]
)
