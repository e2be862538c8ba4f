using ConvTransfer.Graphs;

namespace ConvTransfer.Operators;

/// <summary>A node after type inference.</summary>
/// <param name="Node">The node.</param>
/// <param name="Context">What is known about it; null where it could not be typed: a problem was found, or an input's type is unknown.</param>
internal sealed record TypedNode(Node Node, NodeContext? Context);
