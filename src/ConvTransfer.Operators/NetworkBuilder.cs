using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Operators;

/// <summary>Builds a small network layer by layer, with seeded He weights, as a model of opset 18.</summary>
/// <remarks>
/// A layer takes and gives names of values, so that branches need nothing of their own. Each node is typed when it is added: a layer that does not fit
/// is refused where it is written. The same calls with the same seed give the same bytes.
/// </remarks>
/// <example><code>
/// var net = new NetworkBuilder("small", seed: 1);
/// string x = net.Input("image", 3, 32, 32);
/// x = net.Relu(net.Convolution(x, filters: 16, kernel: 3, padding: 1));
/// x = net.Dense(net.Flatten(net.GlobalAveragePool(x)), units: 10);
/// Model model = net.Build(x);
/// </code></example>
public sealed class NetworkBuilder
{
    private const long Opset = 18;
    private readonly string _name;
    private readonly long _seed;
    private readonly List<Node> _nodes = [];
    private readonly List<TensorData> _weights = [];
    private readonly List<ValueInfo> _inputs = [];
    private readonly ProblemList _problems = new();
    private readonly TypeInference _types;

    /// <summary>Starts an empty network.</summary>
    /// <param name="name">The graph's name.</param>
    /// <param name="seed">The seed of all weights.</param>
    public NetworkBuilder(string name, long seed)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _name = name;
        _seed = seed;
        _types = new TypeInference(OperatorSet.Standard, domain => domain.Length == 0 ? Opset : null, new ConstantTable(), _problems);
    }

    /// <summary>Adds a float32 input [N, channels, spatial…] with a symbolic batch.</summary>
    public string Input(string name, int channels, params ReadOnlySpan<int> spatial)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        List<Dim> dims = [Dim.Of("N"), channels];
        foreach (int length in spatial) dims.Add(length);
        var type = new TensorType(ElementType.Float32, [.. dims]);
        _inputs.Add(new ValueInfo(name, type));
        _types.Declare(name, type);
        return name;
    }

    /// <summary>A convolution with square kernels; <paramref name="padding"/> on every side. Its bias is 0, or it has none: before a batch normalization one would be without effect.</summary>
    public string Convolution(string x, int filters, int kernel, int stride = 1, int padding = 0, int groups = 1, bool bias = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(filters);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kernel);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        var type = TypeOf(x);
        int spatial = type.Rank - 2;
        string node = NodeName("conv");
        string w = Weights($"{node}.weight", [filters, type[1].Value / groups, .. Enumerable.Repeat((long)kernel, spatial)]);
        ValueList<string> inputs = bias ? [x, w, Zeros($"{node}.bias", filters)] : [x, w];
        return Add("Conv", node, inputs,
            Ints("kernel_shape", kernel, spatial), Ints("strides", stride, spatial), Ints("pads", padding, 2 * spatial), new NodeAttribute("group", new AttributeValue.Int(groups)));
    }

    /// <summary>A dense layer on a value of rank 2, with bias 0.</summary>
    public string Dense(string x, int units)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(units);
        string node = NodeName("dense");
        string w = Weights($"{node}.weight", [units, TypeOf(x)[1].Value]);
        return Add("Gemm", node, [x, w, Zeros($"{node}.bias", units)], new NodeAttribute("transB", new AttributeValue.Int(1)));
    }

    /// <summary>A batch normalization in its first state: scale 1, shift 0, mean 0, variance 1.</summary>
    public string BatchNormalization(string x)
    {
        string node = NodeName("bn");
        long channels = TypeOf(x)[1].Value;
        return Add("BatchNormalization", node, [x, Filled($"{node}.scale", channels, 1), Zeros($"{node}.shift", channels), Zeros($"{node}.mean", channels), Filled($"{node}.variance", channels, 1)]);
    }

    /// <summary>max(x, 0).</summary>
    public string Relu(string x) => Add("Relu", NodeName("relu"), [x]);

    /// <summary>The sum of two values of one shape.</summary>
    public string Sum(string x, string y) => Add("Add", NodeName("add"), [x, y]);

    /// <summary>The values side by side along the channels.</summary>
    public string Concat(params string[] x) => Add("Concat", NodeName("concat"), ValueList.Create<string>(x), new NodeAttribute("axis", new AttributeValue.Int(1)));

    /// <summary>The greatest value of each square window.</summary>
    public string MaxPool(string x, int kernel, int stride, int padding = 0)
    {
        int spatial = TypeOf(x).Rank - 2;
        return Add("MaxPool", NodeName("pool"), [x], Ints("kernel_shape", kernel, spatial), Ints("strides", stride, spatial), Ints("pads", padding, 2 * spatial));
    }

    /// <summary>The mean over the spatial axes, which keep length 1.</summary>
    public string GlobalAveragePool(string x) => Add("GlobalAveragePool", NodeName("gap"), [x]);

    /// <summary>The greatest value over the spatial axes, which keep length 1.</summary>
    public string GlobalMaxPool(string x) => Add("GlobalMaxPool", NodeName("gmp"), [x]);

    /// <summary>All axes behind the batch as one.</summary>
    public string Flatten(string x) => Add("Flatten", NodeName("flatten"), [x]);

    /// <summary>Softmax over axis 1.</summary>
    public string Softmax(string x) => Add("Softmax", NodeName("softmax"), [x], new NodeAttribute("axis", new AttributeValue.Int(1)));

    /// <summary>The model with these values as outputs.</summary>
    public Model Build(params ReadOnlySpan<string> outputs)
    {
        var ends = new List<ValueInfo>();
        foreach (string output in outputs) ends.Add(new ValueInfo(output, TypeOf(output)));
        if (ends.Count == 0) throw new ArgumentException("a network needs an output", nameof(outputs));
        return new Model(new Graph
        {
            Name = _name,
            Nodes = _nodes.ToValueList(),
            Inputs = _inputs.ToValueList(),
            Outputs = ends.ToValueList(),
            Initializers = _weights.ToValueList(),
        })
        { IrVersion = 8, OpsetImports = [new OpsetImport("", Opset)], ProducerName = "ConvTransfer" };
    }

    private string Add(string op, string name, ValueList<string> inputs, params ReadOnlySpan<NodeAttribute> attributes)
    {
        var node = new Node(op, inputs, [$"{name}.out"]) { Name = name, Attributes = ValueList.Create(attributes) };
        _types.Run([node]);
        _problems.ThrowIfErrors(file: null);
        _nodes.Add(node);
        return node.Outputs[0];
    }

    private TensorType TypeOf(string value) => _types.TypeOf(value) ?? throw new ArgumentException($"the network has no value '{DisplayText.Escape(value)}'", nameof(value));

    private string NodeName(string kind) => $"{kind}{_nodes.Count + 1}";

    private string Weights(string name, long[] dims) => Constant(HeInitialization.Weights(name, dims, _seed, _weights.Count));

    private string Zeros(string name, long count) => Filled(name, count, 0);

    private string Filled(string name, long count, float value)
    {
        float[] values = new float[count];
        Array.Fill(values, value);
        return Constant(TensorData.From<float>(name, [count], values));
    }

    private string Constant(TensorData data)
    {
        _weights.Add(data);
        _types.Constants.Add(data.Name, data);
        return data.Name;
    }

    private static NodeAttribute Ints(string name, long value, int count) => new(name, new AttributeValue.Ints(Enumerable.Repeat(value, count).ToValueList()));
}
