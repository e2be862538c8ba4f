using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using static ConvTransfer.Pipelines.NodeSequence;

namespace ConvTransfer.Pipelines;

/// <summary>A linear head as nodes of ai.onnx-18: normalizers, Gemm, Softmax, and the name of the class with the highest score.</summary>
internal static class HeadNodes
{
    /// <summary>Adds the nodes.</summary>
    /// <param name="to">Takes them.</param>
    /// <param name="head">The head.</param>
    /// <param name="features">A value of the network with F numbers for each image.</param>
    /// <param name="type">The value's element type.</param>
    /// <param name="rank">The value's rank.</param>
    /// <param name="label">The name for the classes' names, string [N].</param>
    /// <param name="scores">The name for the scores, float [N, C].</param>
    public static void Add(NodeSequence to, LinearHead head, string features, ElementType type, int rank, string label, string scores)
    {
        string x = features;
        if (rank != 2) x = to.Add("head/features", "Flatten", [x], Attribute("axis", 1));
        if (type != ElementType.Float32)
        {
            // An engine that holds 16-bit floats in 32 bits between the nodes, as ours does, rounds at a cast only; the features that the head was made for are rounded.
            x = to.Add("head/rounded", "Cast", [x], Attribute("to", (long)type));
            x = to.Add("head/float", "Cast", [x], Attribute("to", (long)ElementType.Float32));
        }
        foreach (var normalizer in head.Normalizers)
        {
            if (normalizer.Offset is { } offset) x = to.Add("head/moved", "Sub", [x, Vector(to, "head/offset", offset)]);
            x = to.Add("head/scaled", "Mul", [x, Vector(to, "head/scale", normalizer.Scale)]);
        }
        string weights = to.Constant("head/weights", [head.Labels.Count, head.FeatureCount], head.Weights.AsSpan());
        string logits = to.Add("head/logits", "Gemm", [x, weights, Vector(to, "head/biases", head.Biases)], Attribute("transB", 1));
        to.AddAs(scores, "Softmax", [logits], Attribute("axis", 1));
        // Of equal scores the first wins, here as in ML.NET.
        string best = to.Add("head/best", "ArgMax", [scores], Attribute("axis", 1), Attribute("keepdims", 0));
        to.AddAs(label, "Gather", [to.Strings("head/labels", head.Labels), best], Attribute("axis", 0));
    }

    private static string Vector(NodeSequence to, string wanted, ValueList<float> values) => to.Constant(wanted, [values.Count], values.AsSpan());
}
