using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Laws;

/// <summary>Makes many slightly wrong nodes from a right one: inputs, their types, ranks, lengths and values, and every attribute of the schema.</summary>
internal static class Mutants
{
    private static readonly long[] OddIntegers = [0, -1, 1, 2, 1000, 1L << 31, -(1L << 31), 1L << 62, long.MinValue];
    private static readonly float[] OddFloats = [0, -1, 1, float.NaN, float.PositiveInfinity, 1e38f];
    private static readonly ElementType[] Types = TypeVariable.All;

    /// <summary>The mutants; each one's name says what was done.</summary>
    public static IEnumerable<OperatorProblem> Of(OperatorProblem problem, OperatorSchema schema)
    {
        var inputs = Enumerable.Range(0, problem.Inputs.Length).SelectMany(i => Input(problem, i));
        var attributes = schema.AttributesOf(schema.VersionIn(problem.Opset)).SelectMany(a => Attribute(problem, a));
        return [.. inputs, .. Counts(problem), .. attributes, .. Others(problem)];
    }

    /// <summary>True when the mutant holds a number that is not finite, or so large that products of it are not.</summary>
    public static bool IsExtreme(OperatorProblem mutant) => mutant.Name.EndsWith("NaN", StringComparison.Ordinal) || mutant.Name.EndsWith("Infinity", StringComparison.Ordinal) || mutant.Name.EndsWith("1E+38", StringComparison.Ordinal);

    private static IEnumerable<OperatorProblem> Counts(OperatorProblem p)
    {
        for (int count = 0; count < p.Inputs.Length; count++) yield return WithInputs(p, $"only {count} inputs", p.Inputs[..count]);
        yield return WithInputs(p, "an input too many", [.. p.Inputs, p.Inputs.OfType<ProblemInput>().FirstOrDefault() ?? ProblemData.Normal(1, 2)]);
        yield return p with { Name = "an output too many", Node = p.Node with { Outputs = [.. p.Node.Outputs, "y_more", "y_most"] } };
        yield return p with { Name = "no output", Node = p.Node with { Outputs = [] } };
    }

    private static IEnumerable<OperatorProblem> Others(OperatorProblem p)
    {
        yield return With(p, "an unknown attribute", [.. p.Node.Attributes, ProblemData.Attribute("unheard_of", 1L)]);
        foreach (var attribute in p.Node.Attributes) yield return With(p, $"attribute {attribute.Name} twice", [.. p.Node.Attributes, attribute]);
        yield return p with { Name = "opset 0", Opset = 0 };
    }

    private static IEnumerable<OperatorProblem> Input(OperatorProblem p, int index)
    {
        if (p.Inputs[index] is not { } input)
        {
            yield return Replaced(p, index, "given", ProblemData.Normal(1, 2));
            yield break;
        }
        var data = input.Data;
        long[] dims = [.. data.Dims];
        yield return Replaced(p, index, "left out", null);
        foreach (var type in Types.Where(t => t != data.ElementType)) yield return Replaced(p, index, $"of type {type}", input with { Data = Zeros(type, dims) });
        yield return Replaced(p, index, "rank + 1 in front", input with { Data = data with { Dims = [1, .. dims] } });
        yield return Replaced(p, index, "rank + 1 behind", input with { Data = data with { Dims = [.. dims, 1] } });
        if (dims.Length > 1) yield return Replaced(p, index, "rank - 1", input with { Data = data with { Dims = [dims[0] * dims[1], .. dims[2..]] } });
        yield return Replaced(p, index, "as a scalar", input with { Data = Zeros(data.ElementType, []) });
        yield return Replaced(p, index, "as a vector of nothing", input with { Data = Zeros(data.ElementType, [0]) });
        for (int axis = 0; axis < dims.Length; axis++)
        {
            foreach (long length in new[] { 0, 1, dims[axis] - 1, dims[axis] + 1 })
                if (length >= 0 && length != dims[axis]) yield return Replaced(p, index, $"axis {axis} of length {length}", input with { Data = Zeros(data.ElementType, [.. dims[..axis], length, .. dims[(axis + 1)..]]) });
        }
        foreach (var (what, values) in OddValues(data)) yield return Replaced(p, index, what, input with { Data = values });
    }

    // Small integer and float inputs are sizes, axes, bounds: each element takes odd values in turn.
    private static IEnumerable<(string What, TensorData Values)> OddValues(TensorData data)
    {
        if (data.Shape.ElementCount > 8) yield break;
        for (int at = 0; at < data.Shape.ElementCount; at++)
        {
            foreach (long odd in OddIntegers)
            {
                if (data.ElementType == ElementType.Int64) yield return ($"[{at}] = {odd}", Put(data, at, odd));
                if (data.ElementType == ElementType.Int32 && odd == (int)odd) yield return ($"[{at}] = {odd}", Put(data, at, (int)odd));
            }
            if (data.ElementType != ElementType.Float32) continue;
            foreach (float odd in OddFloats) yield return ($"[{at}] = {odd}", Put(data, at, odd));
        }
    }

    private static IEnumerable<OperatorProblem> Attribute(OperatorProblem p, AttributeDefinition definition)
    {
        var given = p.Node.Attribute(definition.Name);
        string name = definition.Name;
        if (given is not null) yield return With(p, $"attribute {name} removed", p.Node.Attributes.Where(a => a.Name != name));
        foreach (var (what, value) in Values(definition, given?.Value))
            yield return With(p, $"attribute {name} = {what}", [.. p.Node.Attributes.Where(a => a.Name != name), new NodeAttribute(name, value)]);
    }

    private static IEnumerable<(string What, AttributeValue Value)> Values(AttributeDefinition definition, AttributeValue? given)
    {
        if (definition is not IntAttribute) yield return ("an INT", new AttributeValue.Int(1));
        if (definition is not FloatAttribute) yield return ("a FLOAT", new AttributeValue.Float(1));
        if (definition is not StringAttribute) yield return ("a STRING", new AttributeValue.String("1"));
        if (definition is not IntsAttribute) yield return ("INTS", new AttributeValue.Ints([1]));
        if (definition is not FloatsAttribute) yield return ("FLOATS", new AttributeValue.Floats([1]));
        if (definition is not StringsAttribute) yield return ("STRINGS", new AttributeValue.Strings([[(byte)'1']]));
        if (definition is not TensorAttribute) yield return ("a TENSOR", new AttributeValue.Tensor(TensorData.From<float>("", [1], [1])));
        yield return ("a GRAPH", new AttributeValue.Subgraph(new Graph()));
        yield return ("a reference", new AttributeValue.Reference("outer", definition.TypeName));
        switch (definition)
        {
            case IntAttribute:
                foreach (long odd in OddIntegers) yield return ($"{odd}", new AttributeValue.Int(odd));
                break;
            case FloatAttribute:
                foreach (float odd in OddFloats) yield return ($"{odd}", new AttributeValue.Float(odd));
                break;
            case StringAttribute text:
                foreach (string odd in text.Allowed.Append("").Append("unheard_of")) yield return ($"'{odd}'", new AttributeValue.String(odd));
                break;
            case IntsAttribute:
                foreach (var odd in Lists(given is AttributeValue.Ints ints ? [.. ints.Values] : [1, 1], OddIntegers)) yield return ($"[{string.Join(", ", odd)}]", new AttributeValue.Ints([.. odd]));
                break;
            case FloatsAttribute:
                foreach (var odd in Lists(given is AttributeValue.Floats floats ? [.. floats.Values] : [1f, 1f], OddFloats)) yield return ($"[{string.Join(", ", odd)}]", new AttributeValue.Floats([.. odd]));
                break;
            case StringsAttribute:
                yield return ("no strings", new AttributeValue.Strings([]));
                break;
            case TensorAttribute:
                foreach (var type in Types) yield return ($"a scalar of {type}", new AttributeValue.Tensor(Zeros(type, [])));
                yield return ("a tensor of nothing", new AttributeValue.Tensor(Zeros(ElementType.Float32, [0])));
                yield return ("a tensor whose bytes are missing", new AttributeValue.Tensor(new TensorData("", ElementType.Float32, [3], default)));
                break;
        }
    }

    private static IEnumerable<T[]> Lists<T>(T[] values, T[] odd)
    {
        yield return [];
        if (values.Length > 1) yield return values[..^1];
        yield return [.. values, values.Length > 0 ? values[^1] : odd[0]];
        yield return [.. values, .. values, .. values];
        for (int at = 0; at < values.Length; at++)
            foreach (var value in odd) yield return [.. values[..at], value, .. values[(at + 1)..]];
    }

    private static OperatorProblem With(OperatorProblem p, string name, IEnumerable<NodeAttribute> attributes) => p with { Name = name, Node = p.Node with { Attributes = attributes.ToValueList() } };

    private static OperatorProblem WithInputs(OperatorProblem p, string name, ProblemInput?[] inputs) =>
        p with { Name = name, Inputs = inputs, Node = p.Node with { Inputs = inputs.Select((x, i) => x is null ? "" : $"x{i}").ToValueList() } };

    private static OperatorProblem Replaced(OperatorProblem p, int index, string what, ProblemInput? by) => WithInputs(p, $"input {index} {what}", [.. p.Inputs[..index], by, .. p.Inputs[(index + 1)..]]);

    private static TensorData Zeros(ElementType type, long[] dims)
    {
        int count = checked((int)new Shape(dims).ElementCount);
        return type == ElementType.String
            ? new TensorData("", type, [.. dims], default) { Strings = Enumerable.Repeat(new ReadOnlyMemory<byte>("s"u8.ToArray()), count).ToValueList() }
            : new TensorData("", type, [.. dims], new byte[count * type.SizeInBytes()]);
    }

    private static TensorData Put<T>(TensorData data, int at, T value) where T : unmanaged
    {
        byte[] bytes = data.Bytes.ToArray();
        System.Runtime.InteropServices.MemoryMarshal.Write(bytes.AsSpan(at * System.Runtime.CompilerServices.Unsafe.SizeOf<T>()), value);
        return data with { Bytes = bytes };
    }
}
