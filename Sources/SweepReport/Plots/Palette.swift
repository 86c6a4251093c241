// Colours that everybody can tell apart, on paper, on screens and in terminals.

import SweepCore

package struct Colour: Sendable, Equatable {
  package let red: Int
  package let green: Int
  package let blue: Int

  /// - Parameter rgb: 0xRRGGBB
  package init(_ rgb: Int) { (red, green, blue) = (rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff) }

  package var rgb: Int { red << 16 | green << 8 | blue }

  /// "#0072b2"
  package var hex: String {
    let digits = String(rgb, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }

  /// Whether white is read better on it than black (relative luminance, with gamma 2).
  package var isDark: Bool {
    func light(_ channel: Int) -> Double { Double(channel) * Double(channel) / 65025 }
    return 0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue) < 0.28
  }

  /// As gnuplot takes a colour from a data block; 0 is opaque, 255 invisible.
  package func number(transparency: Int = 0) -> Double { Double(transparency << 24 | rgb) }

  /// The nearest of the 6×6×6 colours that terminals have.
  package var ansi256: Int {
    let levels = [0, 95, 135, 175, 215, 255]
    func nearest(_ channel: Int) -> Int { levels.indices.min { abs(levels[$0] - channel) < abs(levels[$1] - channel) } ?? 0 }
    return 16 + 36 * nearest(red) + 6 * nearest(green) + nearest(blue)
  }
}

package enum Palette {
  /// Okabe and Ito 2008, strongest first; its yellow cannot be seen on white, so a grey takes its place.
  package static let okabeIto = [0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x000000, 0x8c8c8c].map { Colour($0) }

  private static let stops = [0x440154, 0x3b528b, 0x21918c, 0x5ec962, 0xfde725].map { Colour($0) }

  /// Gnuplot 5.4 has no name for it.
  package static let viridisCommand =
    "set palette defined (" + stops.enumerated().map { "\($0.offset) '\($0.element.hex)'" }.joined(separator: ", ") + ")"

  /// Viridis (Smith and van der Walt 2015) at a share of 0...1.
  package static func viridis(_ share: Double) -> Colour {
    let place = (share.isFinite ? min(max(share, 0), 1) : 0) * Double(stops.count - 1)
    let low = min(Int(place), stops.count - 2)
    let part = place - Double(low)
    func mix(_ channel: KeyPath<Colour, Int>) -> Int {
      Int((Double(stops[low][keyPath: channel]) * (1 - part) + Double(stops[low + 1][keyPath: channel]) * part).rounded())
    }
    return Colour(mix(\.red) << 16 | mix(\.green) << 8 | mix(\.blue))
  }

  /// One colour for each of so many lines.
  package static func lines(_ count: Int) -> [Colour] {
    count <= okabeIto.count ? Array(okabeIto.prefix(count)) : (0..<count).map { viridis(0.93 * Double($0) / Double(count - 1)) }
  }
}
