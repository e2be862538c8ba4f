using ConvTransfer.Graphs;

namespace ConvTransfer.Operators;

/// <summary>What an operator's lift may ask for: constants and fresh names in the graph that is being rewritten.</summary>
internal abstract class LiftContext
{
    /// <summary>The opset version of ai.onnx that the nodes are rewritten for.</summary>
    public abstract long TargetOpset { get; }

    /// <summary>Adds an initializer and returns its name.</summary>
    /// <param name="hint">What the name begins with.</param>
    /// <param name="data">The content; its name is replaced.</param>
    public abstract string Constant(string hint, TensorData data);

    /// <summary>A value or node name that the graph does not use yet.</summary>
    public abstract string FreshName(string hint);
}
