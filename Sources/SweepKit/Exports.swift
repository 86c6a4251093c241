// `import SweepKit` is enough: the words of a sweep and its results come with it. Of the store, what a user of the library reads and is given.

@_exported import SweepCore

@_exported import struct SweepStore.AttemptRecord
@_exported import struct SweepStore.Changes
@_exported import struct SweepStore.EventRecord
@_exported import struct SweepStore.Page
@_exported import struct SweepStore.PlanResult
@_exported import struct SweepStore.QueryResult
@_exported import struct SweepStore.RankedTrial
@_exported import struct SweepStore.StateCounts
@_exported import struct SweepStore.Store
@_exported import struct SweepStore.SweepRecord
@_exported import struct SweepStore.TrialChange
@_exported import struct SweepStore.TrialCursor
@_exported import struct SweepStore.TrialFilter
@_exported import enum SweepStore.TrialKey
@_exported import struct SweepStore.TrialOrder
@_exported import struct SweepStore.TrialPage
@_exported import struct SweepStore.TrialRecord
@_exported import struct SweepStore.TrialRow
