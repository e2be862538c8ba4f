using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime;

/// <summary>A value at which a network can be cut so that nothing passes beside it: everything behind is computed from this value alone.</summary>
/// <param name="Value">The value's exact name.</param>
/// <param name="Type">Its type; null when it cannot be told.</param>
/// <param name="Aliases">The names that stand for it: <see cref="CutPoints.Penultimate"/>, <see cref="CutPoints.LastConv"/>, both or none.</param>
public sealed record CutPoint(string Value, TensorType? Type, ValueList<string> Aliases);
