using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Pipelines;

/// <summary>Dense layers as nodes of the opset that a network has.</summary>
internal static class DenseLayer
{
    /// <summary>The network with the axes of its only output, [N, …], made one behind the batch: [N, F]. One that gives that stays as it is.</summary>
    public static Model Flat(Model network)
    {
        if (network.Graph.Outputs is not [{ Type: TensorType { Dims: { Count: > 2 } dims } type } output]) return network;
        var names = new UniqueNames(network.Graph);
        string features = names.Fresh("features");
        var flatten = new Node("Flatten", [output.Name], [features]) { Name = names.Fresh("flatten_features") };
        Dim width = dims.Skip(1).Aggregate((Dim)1, (a, b) => a.IsKnown && b.IsKnown ? a.Value * b.Value : Dim.Unknown);
        return network with { Graph = network.Graph.Append([flatten], outputs: [new ValueInfo(features, type with { Dims = [dims[0], width] })]) };
    }

    /// <summary>The network with a dense layer behind its only output, y = W·x + b.</summary>
    /// <param name="network">The network; its output is [N, F].</param>
    /// <param name="weights">W, [units, F].</param>
    /// <param name="biases">b, [units].</param>
    /// <param name="relu">True for a hidden layer, with Relu; false for logits.</param>
    public static Model Behind(Model network, ReadOnlySpan<float> weights, ReadOnlySpan<float> biases, bool relu)
    {
        var names = new UniqueNames(network.Graph);
        string dense = names.Fresh(relu ? "head_dense" : "logits"), w = names.Fresh("head.weight"), b = names.Fresh("head.bias"), last = relu ? names.Fresh("head_relu") : dense;
        var gemm = new Node("Gemm", [network.Graph.Outputs[0].Name, w, b], [dense])
        {
            Name = names.Fresh("head/dense"),
            // Before opset 7 a bias is spread only where the node says so.
            Attributes = [new NodeAttribute("transB", new AttributeValue.Int(1)), .. network.Opset() < 7 ? new[] { new NodeAttribute("broadcast", new AttributeValue.Int(1)) } : []],
        };
        Node[] nodes = relu ? [gemm, new Node("Relu", [dense], [last]) { Name = names.Fresh("head/relu") }] : [gemm];
        Dim batch = network.Graph.Outputs[0].Type is TensorType { Dims: { Count: > 0 } dims } ? dims[0] : Dim.Of("N");
        TensorData[] initializers = [TensorData.From(w, [biases.Length, weights.Length / biases.Length], weights), TensorData.From(b, [biases.Length], biases)];
        return network with { Graph = network.Graph.Append(nodes, initializers, [new ValueInfo(last, new TensorType(ElementType.Float32, [batch, biases.Length]))]) };
    }
}
