namespace ConvTransfer.Core;

/// <summary>How much an input may ask for. Every limit has a stated default and can be raised by the caller.</summary>
public sealed record Limits
{
    /// <summary>The limits used where the caller gives none.</summary>
    public static Limits Default { get; } = new();

    /// <summary>Bytes that weights, activations and workspaces may take together. Default: three quarters of what the runtime reports as available.</summary>
    public long MemoryBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3;

    /// <summary>Nodes of a graph, functions inlined.</summary>
    public int Nodes { get; init; } = 1_000_000;

    /// <summary>Depth of nested messages in a model file.</summary>
    public int MessageDepth { get; init; } = 100;

    /// <summary>Depth of model-local functions that call each other.</summary>
    public int FunctionDepth { get; init; } = 32;

    /// <summary>Nodes after all model-local functions are inlined.</summary>
    public int InlinedNodes { get; init; } = 100_000;

    /// <summary>Axes of a tensor.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>Pixels of a picture.</summary>
    public long ImagePixels { get; init; } = 100_000_000;

    /// <summary>Bytes of a picture file.</summary>
    public long ImageFileBytes { get; init; } = 256L << 20;
}
