using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime;

/// <summary>Holds what a caller gives against what the graph declares.</summary>
internal static class InputCheck
{
    /// <summary>Refuses names that the graph does not have.</summary>
    public static void CheckNames(Graph graph, IEnumerable<string> names)
    {
        foreach (string name in names)
            if (!graph.Inputs.Any(i => i.Name == name)) throw new ConvTransferException(FailureCause.DataInvalid, $"the model has no input '{DisplayText.Escape(name)}'; it has {string.Join(", ", graph.Inputs.Select(i => $"'{DisplayText.Escape(i.Name)}'"))}");
    }

    /// <summary>Refuses a tensor whose element type, rank or a known length differs from the declaration.</summary>
    public static void Check(ValueInfo input, Tensor tensor)
    {
        string name = DisplayText.Escape(input.Name);
        if (input.Type is OtherType other) throw new ConvTransferException(FailureCause.Unsupported, $"input '{name}' is of type {other}; only tensors can be given");
        if (input.Type is not TensorType type) return;
        if (type.ElementType != tensor.ElementType) throw Misfit(name, type, tensor);
        if (type.Dims is not { } dims) return;
        if (dims.Count != tensor.Shape.Rank) throw Misfit(name, type, tensor);
        for (int i = 0; i < dims.Count; i++)
            if (!dims[i].MayEqual(tensor.Shape[i])) throw Misfit(name, type, tensor);
    }

    /// <summary>The fault that a required input is not given.</summary>
    public static ConvTransferException Missing(ValueInfo input) => new(FailureCause.DataInvalid, $"input '{DisplayText.Escape(input.Name)}' of type {input.Type?.ToString() ?? "unknown"} is not given");

    private static ConvTransferException Misfit(string name, TensorType type, Tensor tensor) => new(FailureCause.DataInvalid, $"input '{name}' is {tensor}, expected {type}");
}
