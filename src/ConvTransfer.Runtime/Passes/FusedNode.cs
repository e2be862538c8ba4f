using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime.Passes;

/// <summary>A node with what follows it in the same step.</summary>
/// <param name="Context">The node that makes the sum.</param>
/// <param name="Result">The value that the step leaves: the node's output 0, or that of the last node fused onto it.</param>
internal sealed record FusedNode(NodeContext Context, string Result)
{
    /// <summary>The node that makes the sum.</summary>
    public Node Node => Context.Node;

    /// <summary>The fused stages, or null.</summary>
    public Epilogue? Epilogue { get; init; }

    /// <summary>The values that the epilogue's Add stages add, in order.</summary>
    public string[] Residuals { get; init; } = [];
}
