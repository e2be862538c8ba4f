using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Conformance.Lifts;

/// <summary>A network of one node in an old opset. Input i of the node is "x{i}"; the first ones are given, constants are initializers.</summary>
internal sealed record LiftCase(string Name, Node Node, long Opset, (TensorData Data, bool IsConstant)?[] Inputs)
{
    /// <summary>False where ONNX Runtime does not run the old opset: then our reference says what the node means there.</summary>
    public bool IsRunByOnnxRuntime { get; init; } = true;

    public static LiftCase Of(string op, long opset, string name, (TensorData, bool)?[] inputs, params NodeAttribute[] attributes) => Of(op, opset, name, 1, inputs, attributes);

    public static LiftCase Of(string op, long opset, string name, int outputs, (TensorData, bool)?[] inputs, params NodeAttribute[] attributes)
    {
        var node = new Node(op, inputs.Select((x, i) => x is null ? "" : $"x{i}").ToValueList(), Enumerable.Range(0, outputs).Select(i => $"y{i}").ToValueList()) { Name = "node", Attributes = [.. attributes] };
        return new LiftCase(name, node, opset, inputs);
    }

    public LiftCase OnlyByReference() => this with { IsRunByOnnxRuntime = false };

    public Model ToModel()
    {
        var named = Inputs.Select((x, i) => (Name: $"x{i}", Input: x)).Where(x => x.Input is not null).ToArray();
        return new Model(new Graph
        {
            Name = "lift",
            Nodes = [Node],
            Inputs = named.Where(x => !x.Input!.Value.IsConstant).Select(x => new ValueInfo(x.Name, x.Input!.Value.Data.Type)).ToValueList(),
            Initializers = named.Where(x => x.Input!.Value.IsConstant).Select(x => x.Input!.Value.Data with { Name = x.Name }).ToValueList(),
            Outputs = Node.Outputs.Select(o => new ValueInfo(o, null)).ToValueList(),
        })
        { IrVersion = 8, OpsetImports = [new OpsetImport("", Opset)] };
    }

    public (string Name, Tensor Value)[] Feeds() =>
        [.. Inputs.Select((x, i) => (Name: $"x{i}", Input: x)).Where(x => x.Input is { IsConstant: false }).Select(x => (x.Name, x.Input!.Value.Data.ToTensor()))];

    public override string ToString() => $"{Node.OpType}-{Opset} {Name}";

    public static (TensorData, bool)? Normal(params long[] dims)
    {
        var random = new CounterRandom(dims.Length + dims.Sum());
        return (TensorData.From<float>("", dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)random.NextNormal())]), false);
    }

    public static (TensorData, bool)? Positive(params long[] dims)
    {
        var random = new CounterRandom(dims.Length + dims.Sum());
        return (TensorData.From<float>("", dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (a, b) => a * b)).Select(_ => 0.5f + (float)random.NextDouble())]), false);
    }

    public static (TensorData, bool)? Half(params long[] dims) =>
        (TensorData.From<Half>("", dims, [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(Normal(dims)!.Value.Item1.Bytes.Span).ToArray().Select(v => (Half)v)]), false);

    public static (TensorData, bool)? Constant<T>(long[] dims, params T[] values) where T : unmanaged => (TensorData.From<T>("", dims, values), true);

    public static NodeAttribute Int(string name, long value) => new(name, new AttributeValue.Int(value));

    public static NodeAttribute Float(string name, float value) => new(name, new AttributeValue.Float(value));

    public static NodeAttribute Text(string name, string value) => new(name, new AttributeValue.String(value));

    public static NodeAttribute Ints(string name, params long[] values) => new(name, new AttributeValue.Ints([.. values]));

    public static NodeAttribute Floats(string name, params float[] values) => new(name, new AttributeValue.Floats([.. values]));
}
