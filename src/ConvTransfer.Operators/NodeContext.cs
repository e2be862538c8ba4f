using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators;

/// <summary>A node with what is known about it: its version, the types of its inputs, those of its values that are constant, and its attributes.</summary>
internal sealed class NodeContext
{
    private readonly TensorType?[] _inputs;
    private readonly Func<int, Tensor?> _constant;
    private readonly Func<int, ValueList<Dim>?>? _elements;
    private TensorType[] _outputs = [];

    /// <summary>Creates the context of a node.</summary>
    /// <param name="node">The node; it passed <see cref="SchemaCheck"/>.</param>
    /// <param name="op">Its operator.</param>
    /// <param name="opset">The version imported for the operator's domain.</param>
    /// <param name="inputs">The types of the inputs; null where one is left out.</param>
    /// <param name="constant">The value of an input that is known while planning, or null. The tensor stays the owner's.</param>
    /// <param name="elements">The elements of an input as far as they follow from the lengths of other values, or null.</param>
    public NodeContext(Node node, Operator op, long opset, TensorType?[] inputs, Func<int, Tensor?> constant, Func<int, ValueList<Dim>?>? elements = null)
    {
        Node = node;
        Operator = op;
        Opset = opset;
        Version = op.Schema.VersionIn(opset);
        _inputs = inputs;
        _constant = constant;
        _elements = elements;
    }

    public Node Node { get; }

    public Operator Operator { get; }

    /// <summary>The version imported for the operator's domain.</summary>
    public long Opset { get; }

    /// <summary>The version of the operator that the opset means.</summary>
    public int Version { get; }

    /// <summary>The number of inputs that the node lists, omitted ones in the middle included.</summary>
    public int InputCount => _inputs.Length;

    /// <summary>The number of outputs that the node lists.</summary>
    public int OutputCount => Node.Outputs.Count;

    /// <summary>True when the input is given.</summary>
    public bool HasInput(int index) => index < _inputs.Length && _inputs[index] is not null;

    /// <summary>True when the node names the output.</summary>
    public bool HasOutput(int index) => index < Node.Outputs.Count && Node.Outputs[index].Length > 0;

    /// <summary>The type of an input that is given.</summary>
    public TensorType Input(int index) => _inputs[index]!;

    /// <summary>The concrete shape of an input; only while evaluating and lowering, when all lengths are known.</summary>
    public Shape InputShape(int index) => _inputs[index]!.ToShape();

    /// <summary>The type of an output; only after inference.</summary>
    public TensorType Output(int index) => _outputs[index];

    /// <summary>The concrete shape of an output; only while evaluating and lowering.</summary>
    public Shape OutputShape(int index) => _outputs[index].ToShape();

    /// <summary>True when the outputs have not one element and the operator asks for nothing else: there is nothing to run. Only after inference, when all lengths are known.</summary>
    /// <remarks>However long the other axes are, which cost a file nothing beside a length of 0.</remarks>
    public bool HasNothingToRun
    {
        get
        {
            if (Operator.ChecksElements) return false;
            for (int i = 0; i < OutputCount; i++)
                if (HasOutput(i) && OutputShape(i).ElementCount > 0) return false;
            return true;
        }
    }

    /// <summary>The value of an input that is known while planning; null when it is known only at run time, or left out.</summary>
    public Tensor? Constant(int index) => HasInput(index) ? _constant(index) : null;

    /// <summary>The constant int32 or int64 input as 64-bit numbers; null when it is not known while planning, or left out.</summary>
    public long[]? ConstantIntegers(int index) => Constant(index) switch
    {
        null => null,
        { ElementType: ElementType.Int64 } tensor => tensor.AsSpan<long>().ToArray(),
        { ElementType: ElementType.Int32 } tensor => Array.ConvertAll(tensor.AsSpan<int>().ToArray(), v => (long)v),
        var tensor => throw Invalid($"input {index} is of type {tensor.ElementType.OnnxName()}, expected int64 or int32"),
    };

    /// <summary>The constant floating point input as float32; null when it is not known while planning, or left out.</summary>
    public float[]? ConstantFloats(int index) => Constant(index) switch
    {
        null => null,
        { ElementType: ElementType.Float32 } tensor => tensor.AsSpan<float>().ToArray(),
        { ElementType: ElementType.Float64 } tensor => Array.ConvertAll(tensor.AsSpan<double>().ToArray(), v => (float)v),
        { ElementType: ElementType.Float16 } tensor => Array.ConvertAll(tensor.AsSpan<Half>().ToArray(), v => (float)v),
        var tensor => throw Invalid($"input {index} is of type {tensor.ElementType.OnnxName()}, expected a floating point type"),
    };

    /// <summary>The values of an input that decides shapes, where they must be known: while evaluating and lowering.</summary>
    public long[] RequiredIntegers(int index) => ConstantIntegers(index) ?? throw Invalid($"the value of input {index} is not known when the plan is made");

    /// <summary>
    /// The elements of an int32 or int64 input of rank 0 or 1: numbers where they are known, symbols where they are lengths of other values, unknown where only
    /// their count is known. Null when that is not known either, or when the input is left out.
    /// </summary>
    public Dim[]? Elements(int index)
    {
        if (!HasInput(index)) return null;
        if (ConstantIntegers(index) is { } known) return Array.ConvertAll(known, v => (Dim)v);
        if (_elements?.Invoke(index) is { } symbolic) return [.. symbolic.AsSpan()];
        var type = Input(index);
        if (type.Rank == 0) return [Dim.Unknown];
        return type.Rank == 1 && type[0].IsKnown && type[0].Value <= TypeInference.MostElements ? new Dim[type[0].Value] : null;
    }

    public float Get(FloatAttribute attribute) => Find(attribute) is AttributeValue.Float v ? v.Value : attribute.Default;

    public long Get(IntAttribute attribute) => Find(attribute) is AttributeValue.Int v ? v.Value : attribute.Default;

    public string Get(StringAttribute attribute) => Find(attribute) is AttributeValue.String v ? v.Text : attribute.Default;

    /// <summary>The values, or null when the node gives none.</summary>
    public long[]? Get(IntsAttribute attribute) => Find(attribute) is AttributeValue.Ints v ? [.. v.Values.AsSpan()] : null;

    /// <summary>The values, or null when the node gives none.</summary>
    public float[]? Get(FloatsAttribute attribute) => Find(attribute) is AttributeValue.Floats v ? [.. v.Values.AsSpan()] : null;

    /// <summary>The values, or null when the node gives none.</summary>
    public string[]? Get(StringsAttribute attribute) => Find(attribute) is AttributeValue.Strings v ? [.. v.Texts] : null;

    /// <summary>The value, or null when the node gives none.</summary>
    public TensorData? Get(TensorAttribute attribute) => Find(attribute) is AttributeValue.Tensor v ? v.Value : null;

    /// <summary>True when the node gives the attribute.</summary>
    public bool Has(AttributeDefinition attribute) => Find(attribute) is not null;

    private AttributeValue? Find(AttributeDefinition attribute) =>
        attribute.Since <= Version && Version <= attribute.Until ? Node.Attribute(attribute.Name)?.Value : null;

    /// <summary>An axis counted from the front: negative ones count from the back.</summary>
    /// <exception cref="ConvTransferException">It is outside [-rank, rank).</exception>
    public int Axis(long axis, int rank, string what = "axis")
    {
        if (axis < -rank || axis >= rank) throw Invalid($"{what} {axis} is outside a tensor of rank {rank}, expected {-rank} to {rank - 1}");
        return (int)(axis < 0 ? axis + rank : axis);
    }

    /// <summary>The fault that the node contradicts the standard or its inputs.</summary>
    public ConvTransferException Invalid(string message) => new(FailureCause.ModelInvalid, Located(message), node: Node.DisplayName);

    /// <summary>The fault that the node asks for something this library does not do.</summary>
    public ConvTransferException Unsupported(string message) => new(FailureCause.Unsupported, Located(message), node: Node.DisplayName);

    /// <summary>The fault that the node needs more than the limits allow.</summary>
    public ConvTransferException OverLimit(string message) => new(FailureCause.Limit, Located(message), node: Node.DisplayName);

    /// <summary>Throws <see cref="Invalid"/> unless the condition holds.</summary>
    public void Require([DoesNotReturnIf(false)] bool condition, string message)
    {
        if (!condition) throw Invalid(message);
    }

    /// <summary>Throws <see cref="Invalid"/> unless the condition holds. The message is put together only then: a check may stand in a loop over all that a node lists.</summary>
    public void Require([DoesNotReturnIf(false)] bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref FaultMessage message)
    {
        if (!condition) throw Invalid(message.ToText());
    }

    internal void SetOutputs(TensorType[] outputs) => _outputs = outputs;

    /// <summary>How messages of a run call the node.</summary>
    public string Label => $"{Node.DisplayName} ({Operator}-{Version})";

    private string Located(string message) => $"{Label}: {message}";
}
