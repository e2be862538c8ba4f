using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Laws;

/// <summary>A small network: a sum (convolution or product), and what may be fused onto it.</summary>
internal sealed record Chain(string Name, Model Model, TensorData Input, string Result)
{
    /// <summary>The names of all values that nodes make, in order.</summary>
    public string[] Values => [.. Model.Graph.Nodes.SelectMany(n => n.Outputs)];

    /// <summary>The chain ready to run.</summary>
    public Trial Trial(params string[] outputs) => new(Model, new() { ["x"] = Input.ToTensor() }, outputs.Length == 0 ? null : outputs);
}

/// <summary>Every kind of sum with every kind of tail.</summary>
internal static class Chains
{
    private sealed record Sum(string Op, long[] X, long[] W, params NodeAttribute[] Attributes);

    private static readonly SortedDictionary<string, Sum> Sums = new(StringComparer.Ordinal)
    {
        ["3x3"] = new("Conv", [2, 5, 9, 11], [7, 5, 3, 3], ProblemData.Attribute("pads", 1, 1, 1, 1)),
        ["3x3 strided"] = new("Conv", [1, 16, 10, 13], [33, 16, 3, 3], ProblemData.Attribute("strides", 2, 2), ProblemData.Attribute("pads", 1, 0, 1, 2)),
        ["1x1"] = new("Conv", [2, 19, 6, 7], [17, 19, 1, 1]),
        ["1x1 of one pixel"] = new("Conv", [3, 8, 1, 1], [5, 8, 1, 1]),
        ["depthwise"] = new("Conv", [1, 18, 9, 8], [18, 1, 3, 3], ProblemData.Attribute("group", 18L)),
        ["grouped"] = new("Conv", [2, 8, 7, 7], [12, 4, 3, 3], ProblemData.Attribute("group", 2L), ProblemData.Attribute("dilations", 2, 1)),
        ["1-D"] = new("Conv", [2, 4, 23], [6, 4, 5]),
        ["3-D"] = new("Conv", [1, 3, 5, 6, 7], [4, 3, 2, 3, 3]),
        ["Gemm"] = new("Gemm", [5, 12], [9, 12], ProblemData.Attribute("transB", 1L)),
        ["MatMul"] = new("MatMul", [5, 12], [12, 9]),
    };

    private static readonly string[][] Tails =
    [
        [], ["Relu"], ["BatchNormalization"], ["BatchNormalization", "Relu"], ["BatchNormalization", "Clip"], ["BatchNormalization", "LeakyRelu"],
        ["Add", "Relu"], ["BatchNormalization", "Add", "Relu"], ["BatchNormalization", "Add later", "Clip"], ["Relu", "BatchNormalization"], ["BatchNormalization", "Relu", "Add"], ["Add", "Add later"],
        ["Clip", "BatchNormalization", "LeakyRelu"], ["Add of a constant", "Relu"], ["Add of itself", "Relu"], ["Relu", "Relu"], ["Identity", "Relu"], ["Sigmoid", "Relu"], ["Mul", "Relu"], ["Clip from below", "Add"],
    ];

    /// <summary>The kinds of sums for theories.</summary>
    public static TheoryData<string> Names => [.. Sums.Keys];

    /// <summary>The chains with that sum.</summary>
    public static IEnumerable<Chain> Of(string sum) => Tails.Select(tail => new Builder(Sums[sum], $"{sum}: {string.Join(", ", tail)}").Build(tail));

    private sealed class Builder(Sum sum, string name)
    {
        private readonly List<Node> _nodes = [];
        private readonly List<TensorData> _constants = [];
        private long _channels;

        public Chain Build(string[] tail)
        {
            _channels = sum.Op == "MatMul" ? sum.W[1] : sum.W[0];
            string residual = tail.Contains("Add") ? AddSum() : "";
            string at = AddSum();
            string later = tail.Contains("Add later") ? AddSum() : "";
            foreach (string kind in tail) at = AddStage(kind, at, residual, later);
            var input = ProblemData.Normal(1, sum.X).Data;
            var graph = new Graph
            {
                Name = name,
                Nodes = _nodes.ToValueList(),
                Inputs = [new ValueInfo("x", input.Type)],
                Initializers = _constants.ToValueList(),
                Outputs = [new ValueInfo(at, null)],
            };
            return new Chain(name, new Model(graph) { IrVersion = 8, OpsetImports = [new OpsetImport("", 18)] }, input, at);
        }

        private string AddSum()
        {
            string w = Constant(sum.W);
            return sum.Op == "MatMul" ? Add("MatMul", ["x", w]) : Add(sum.Op, ["x", w, Constant([_channels])], sum.Attributes);
        }

        private string AddStage(string kind, string x, string residual, string later) => kind switch
        {
            "BatchNormalization" => Add(kind, [x, Constant([_channels]), Constant([_channels]), Constant([_channels]), Constant([_channels], positive: true)]),
            "Clip" => Add(kind, [x, Scalar(0), Scalar(0.75f)]),
            "Clip from below" => Add("Clip", [x, Scalar(-0.25f)]),
            "LeakyRelu" => Add(kind, [x], ProblemData.Attribute("alpha", 0.125f)),
            "Add" => Add(kind, [x, residual]),
            "Add later" => Add("Add", [later, x]),
            "Add of itself" => Add("Add", [x, x]),
            "Add of a constant" => Add("Add", [x, Constant([_channels, .. Enumerable.Repeat(1L, sum.X.Length - 2)])]),
            "Mul" => Add(kind, [x, Scalar(1.5f)]),
            _ => Add(kind, [x]),
        };

        private string Add(string op, ValueList<string> inputs, params NodeAttribute[] attributes)
        {
            string output = $"v{_nodes.Count}";
            _nodes.Add(new Node(op, inputs, [output]) { Name = $"n{_nodes.Count}", Attributes = [.. attributes] });
            return output;
        }

        private string Scalar(float value) => Constant(TensorData.From<float>("", [], [value]));

        private string Constant(long[] dims, bool positive = false)
        {
            var data = ProblemData.Normal(100 + _constants.Count, dims).Data;
            if (!positive) return Constant(data);
            float[] values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(data.Bytes.Span).ToArray();
            return Constant(TensorData.From<float>("", dims, Array.ConvertAll(values, v => 0.5f + MathF.Abs(v))));
        }

        private string Constant(TensorData data)
        {
            string value = $"c{_constants.Count}";
            _constants.Add(data with { Name = value });
            return value;
        }
    }
}
