using System.Runtime.InteropServices;
using ConvTransfer.Graphs;
using TorchSharp;
using static TorchSharp.torch;

namespace ConvTransfer.Benchmarks.Torch;

/// <summary>A network run node by node with libtorch's functions, with channels first: what its modules call themselves.</summary>
/// <remarks>
/// Done as good PyTorch code does it: a value is let go after its last use, sums and rectifiers write over what no one needs any more, and the frozen part
/// records nothing and normalizes with the running statistics.
/// </remarks>
internal sealed class TorchNetwork
{
    // What these give is not needed by their own gradients, so that it may be written over.
    private static readonly HashSet<string> Overwritable = ["Conv", "BatchNormalization", "Add"];

    // Not the model itself, which would hold all weights a second time.
    private readonly Node[] _nodes;
    private readonly ValueInfo _input, _output;
    private readonly (string Name, long[] Dims)[] _initializers;
    private readonly HashSet<Node> _frozen = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, Tensor> _weights = [];
    private readonly Dictionary<string, Node> _makers = [];
    private readonly Dictionary<string, int> _readers = [];

    /// <summary>Reads the weights.</summary>
    /// <param name="model">The network; its nodes stand in an order in which they can be run.</param>
    /// <param name="frozenUntil">The value up to which all is frozen, or empty.</param>
    /// <param name="type">The element type in which all is computed.</param>
    public TorchNetwork(Model model, string frozenUntil, ScalarType type)
    {
        Type = type;
        _nodes = [.. model.Graph.Nodes];
        (_input, _output) = (model.Graph.RequiredInputs.Single(), model.Graph.Outputs[0]);
        ImageShape = [.. ((TensorType)_input.Type!).Dims!.Value.Skip(1).Select(d => d.Value)];
        _initializers = [.. model.Graph.Initializers.Select(d => (d.Name, d.Dims.ToArray()))];
        foreach (var node in _nodes)
        {
            _makers.Add(node.Outputs[0], node);
            foreach (string input in node.Inputs) _readers[input] = _readers.GetValueOrDefault(input) + 1;
        }
        if (frozenUntil.Length > 0) Freeze(frozenUntil);
        foreach (var data in model.Graph.Initializers)
        {
            var values = empty([.. data.Dims]);
            values.bytes = data.Bytes.ToArray();
            _weights.Add(data.Name, values.to(type));
        }
        foreach (var node in _nodes.Where(n => !_frozen.Contains(n)))
            foreach (string weight in node.Inputs.Take(node.OpType == "BatchNormalization" ? 3 : node.Inputs.Count).Where(_weights.ContainsKey)) _weights[weight] = nn.Parameter(_weights[weight]);
    }

    /// <summary>The element type.</summary>
    public ScalarType Type { get; }

    /// <summary>The weights that are trained.</summary>
    public IEnumerable<Tensor> Parameters => _initializers.Select(d => _weights[d.Name]).Where(w => w.requires_grad);

    /// <summary>The shape of one image.</summary>
    public long[] ImageShape { get; }

    /// <summary>The logits of a batch.</summary>
    public Tensor Forward(Tensor images)
    {
        var values = new Dictionary<string, Tensor> { [_input.Name] = images };
        var left = new Dictionary<string, int>(_readers);
        foreach (var node in _nodes)
        {
            Tensor[] inputs = [.. node.Inputs.Select(i => _weights.GetValueOrDefault(i) ?? values[i])];
            var output = _frozen.Contains(node) ? WithoutGradient(node, inputs) : Run(node, inputs);
            values[node.Outputs[0]] = output;
            // What is written over is the same tensor under a new name.
            foreach (string input in node.Inputs)
                if (--left[input] == 0 && _makers.ContainsKey(input) && !ReferenceEquals(values[input], output)) values[input].Dispose();
        }
        return values[_output.Name];
    }

    /// <summary>The network with its weights and running statistics as they are now.</summary>
    public Model ToModel() => new(new Graph
    {
        Name = "trained",
        Nodes = [.. _nodes],
        Inputs = [_input],
        Outputs = [_output],
        Initializers = [.. _initializers.Select(d => TensorData.From<float>(d.Name, d.Dims, MemoryMarshal.Cast<byte, float>(_weights[d.Name].to(float32).bytes)))],
    })
    { IrVersion = 8, OpsetImports = [new OpsetImport("", 18)] };

    private Tensor WithoutGradient(Node node, Tensor[] x)
    {
        using var guard = no_grad();
        return Run(node, x);
    }

    private Tensor Run(Node node, Tensor[] x) => node.OpType switch
    {
        "Conv" => nn.functional.conv2d(x[0], x[1], x.Length > 2 ? x[2] : null, Ints(node, "strides"), Padding(node), null, ((AttributeValue.Int)node.Attribute("group")!.Value).Value),
        "BatchNormalization" => nn.functional.batch_norm(x[0], x[3], x[4], x[1], x[2], training: !_frozen.Contains(node), momentum: 0.1, eps: 1e-5),
        "Relu" => MayOverwrite(node) ? x[0].relu_() : x[0].relu(),
        "Add" => MayOverwrite(node) ? x[0].add_(x[1]) : x[0].add(x[1]),
        "Concat" => cat(x, 1),
        "MaxPool" => nn.functional.max_pool2d(x[0], Ints(node, "kernel_shape"), Ints(node, "strides"), Padding(node)),
        "GlobalAveragePool" => nn.functional.adaptive_avg_pool2d(x[0], 1),
        "Flatten" => x[0].flatten(1),
        "Gemm" => nn.functional.linear(x[0], x[1], x[2]),
        _ => throw new NotSupportedException($"node {node.DisplayName}: {node.OpType} is not transcribed"),
    };

    private bool MayOverwrite(Node node) => _readers[node.Inputs[0]] == 1 && _makers.TryGetValue(node.Inputs[0], out var maker) && Overwritable.Contains(maker.OpType);

    private static long[] Ints(Node node, string attribute) => [.. ((AttributeValue.Ints)node.Attribute(attribute)!.Value).Values];

    // Padding is the same on both sides of an axis in networks that are built here.
    private static long[] Padding(Node node) => Ints(node, "pads")[..2];

    private void Freeze(string value)
    {
        if (!_makers.TryGetValue(value, out var maker) || !_frozen.Add(maker)) return;
        foreach (string input in maker.Inputs) Freeze(input);
    }
}
