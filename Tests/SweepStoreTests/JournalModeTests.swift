import SweepStore
import Testing

struct JournalModeTests {
  /// As Linux writes it (proc_pid_mountinfo(5)), with optional fields and without.
  static let mounts = """
    22 28 0:20 / /proc rw,nosuid shared:12 - proc proc rw
    28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
    61 28 0:45 / /home rw,relatime shared:30 master:2 - nfs4 server:/home rw,vers=4.2
    62 28 0:46 /a\\040b /mnt/with\\040space rw - lustre 10.0.0.1@tcp:/x rw
    63 28 0:47 / /mnt/s rw - fuse.sshfs me@there:/ rw
    64 28 8:17 / /mnt/stick rw - fuseblk /dev/sdb1 rw
    """

  @Test(arguments: [("254:0", nil), ("0:45", "nfs4"), ("0:46", "lustre"), ("0:47", "fuse.sshfs"), ("8:17", nil), ("9:9", nil)])
  func fileSystemsThatSeveralMachinesMaySeeAreKnown(device: String, type: String?) {
    #expect(FileSystem.remote(device: device, in: Self.mounts) == type)
  }

  @Test func linesThatAreNotUnderstoodArePassedOver() {
    #expect(FileSystem.remote(device: "0:45", in: "\n-\n1 2\n1 2 0:45 / /x rw -\n" + Self.mounts) == "nfs4")
  }
}
