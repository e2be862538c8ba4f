using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Tests.Operators;

/// <summary>An input of a problem: its data, and whether the model holds it as an initializer.</summary>
public sealed record ProblemInput(TensorData Data, bool IsConstant = false)
{
    /// <summary>The same input as an initializer.</summary>
    public ProblemInput AsConstant() => this with { IsConstant = true };
}

/// <summary>One application of one operator, on which the laws are tried.</summary>
/// <param name="Name">A short name that says what is special; a found bug's row tells its story in a comment beside it.</param>
/// <param name="Node">The node; input i is named "x{i}" or empty, output i "y{i}".</param>
/// <param name="Opset">The opset of ai.onnx.</param>
/// <param name="Inputs">The inputs; null where one is left out.</param>
public sealed record OperatorProblem(string Name, Node Node, long Opset, ProblemInput?[] Inputs)
{
    /// <summary>The input whose axis 0 is a batch, on which outputs 0's axis 0 depends row by row; null where there is none.</summary>
    public int? BatchInput { get; init; }

    /// <summary>A problem with one node.</summary>
    public static OperatorProblem Of(string name, string op, long opset, ProblemInput?[] inputs, NodeAttribute[]? attributes = null, int outputs = 1, int? batchInput = null)
    {
        var node = new Node(op, inputs.Select((x, i) => x is null ? "" : $"x{i}").ToValueList(), Enumerable.Range(0, outputs).Select(i => $"y{i}").ToValueList())
        {
            Name = "node",
            Attributes = [.. attributes ?? []],
        };
        return new OperatorProblem(name, node, opset, inputs) { BatchInput = batchInput };
    }

    /// <summary>The model of one node. Inputs have the concrete types of their data.</summary>
    public Model ToModel() => new(new Graph
    {
        Name = Name,
        Nodes = [Node],
        Inputs = Given(constant: false).Select(x => new ValueInfo(x.Name, x.Data.Type)).ToValueList(),
        Initializers = Given(constant: true).Select(x => x.Data with { Name = x.Name }).ToValueList(),
        Outputs = Node.Outputs.Where(o => o.Length > 0).Select(o => new ValueInfo(o, null)).ToValueList(),
    })
    { IrVersion = 8, OpsetImports = [new OpsetImport("", Opset)] };

    /// <summary>The inputs that a run is given, by name. The caller disposes them.</summary>
    public Dictionary<string, Tensor> Feeds() => Given(constant: false).ToDictionary(x => x.Name, x => x.Data.ToTensor());

    private IEnumerable<(string Name, TensorData Data)> Given(bool constant) =>
        Inputs.Select((x, i) => (Name: $"x{i}", Input: x)).Where(x => x.Input is not null && x.Input.IsConstant == constant).Select(x => (x.Name, x.Input!.Data));

    /// <inheritdoc/>
    public override string ToString() => $"{Node.OpType}-{Opset} {Name}";
}

/// <summary>The problems of one operator: one class beside the operator's tests. The laws find it by reflection.</summary>
public abstract class OperatorProblems
{
    /// <summary>The operator's name.</summary>
    public abstract string OpType { get; }

    /// <summary>The operator's domain; empty for ai.onnx.</summary>
    public virtual string Domain => "";

    /// <summary>The problems.</summary>
    public abstract IEnumerable<OperatorProblem> All();
}

/// <summary>Seeded data and short forms for problems.</summary>
public static class ProblemData
{
    /// <summary>Normally distributed float32.</summary>
    public static ProblemInput Normal(int seed, params long[] dims)
    {
        var random = new CounterRandom(seed);
        float[] values = new float[dims.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++) values[i] = (float)random.NextNormal();
        return Of(dims, values);
    }

    /// <summary>Given values.</summary>
    public static ProblemInput Of<T>(long[] dims, params T[] values) where T : unmanaged => new(TensorData.From<T>("", dims, values));

    /// <summary>Given strings.</summary>
    public static ProblemInput Strings(long[] dims, params string[] values)
    {
        using var tensor = Tensor.FromStrings(new Shape(dims), values);
        return new(TensorData.From("", tensor));
    }

    /// <summary>0, 1, 2, ... as a type of number: every element can be told from its neighbours.</summary>
    public static ProblemInput Count<T>(params long[] dims) where T : unmanaged, System.Numerics.INumber<T> =>
        Of(dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (a, b) => a * b)).Select(T.CreateTruncating)]);

    /// <summary>A vector of int64, as an initializer: sizes, axes, pads.</summary>
    public static ProblemInput Ints(params long[] values) => Of([values.Length], values).AsConstant();

    /// <summary>An integer attribute.</summary>
    public static NodeAttribute Attribute(string name, long value) => new(name, new AttributeValue.Int(value));

    /// <summary>A float attribute.</summary>
    public static NodeAttribute Attribute(string name, float value) => new(name, new AttributeValue.Float(value));

    /// <summary>A list of integers.</summary>
    public static NodeAttribute Attribute(string name, params long[] values) => new(name, new AttributeValue.Ints([.. values]));

    /// <summary>A list of integers, which may be of one or none.</summary>
    public static NodeAttribute List(string name, params long[] values) => new(name, new AttributeValue.Ints([.. values]));

    /// <summary>A text attribute.</summary>
    public static NodeAttribute Attribute(string name, string value) => new(name, new AttributeValue.String(value));
}
