using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>An operator of two operands that are spread over one another.</summary>
internal abstract class BinaryOperator : PlainOperator
{
    /// <summary>Creates the operator.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="since">Its versions.</param>
    /// <param name="inputs">The types of the inputs.</param>
    /// <param name="result">The type of the result where it is not that of the first input.</param>
    /// <param name="attributes">Attributes beside the legacy ones.</param>
    protected BinaryOperator(string name, int[] since, TypeVariable inputs, ElementType? result = null, params AttributeDefinition[] attributes)
    {
        ResultType = result;
        var output = result is { } type ? new TypeVariable("T1", [type]) : inputs;
        Schema = new OperatorSchema(name, since)
        {
            Inputs = [new("A", inputs), new("B", inputs)],
            Outputs = [new("C", output)],
            Attributes = [.. attributes, .. since[0] < 7 ? LegacyOf(result is null) : []],
            Breaking = since[0] < 7 ? [7] : [],
        };
    }

    public override OperatorSchema Schema { get; }

    private ElementType? ResultType { get; }

    public override TensorType[] InferTypes(NodeContext n)
    {
        CheckVersion(n);
        var dims = LegacyAxis.Applies(n) ? LegacyAxis.Dims(n) : Broadcasting.Dims(n, 0, 1);
        return [new TensorType(ResultType ?? n.Input(0).ElementType, [.. dims])];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift) => LegacyAxis.Applies(n) ? LegacyAxis.Lift(n, lift, [n.Node]) : base.Lift(n, lift);

    /// <summary>Refuses what only some versions allow.</summary>
    protected virtual void CheckVersion(NodeContext n)
    {
    }

    /// <summary>The loop for one type of operands; truth values are bytes.</summary>
    protected abstract ElementLoop Loop<T>(NodeContext n, SpreadGeometry geometry) where T : unmanaged, INumber<T>;

    protected sealed override PlainKernel Prepare(NodeContext n) =>
        new LoopKernel(NumberDispatch.Make<ElementLoop, Maker>(n.Input(0).ElementType, new Maker(this, n, Geometry(n))));

    /// <summary>How the operands of a node are spread.</summary>
    protected static SpreadGeometry Geometry(NodeContext n) => LegacyAxis.Applies(n) ? LegacyAxis.Geometry(n) : Broadcasting.Geometry(n, 0, 1);

    private static AttributeDefinition[] LegacyOf(bool consumes) => consumes ? [LegacyAxis.Axis, LegacyAxis.Broadcast, LegacyAxis.ConsumedInputs] : [LegacyAxis.Axis, LegacyAxis.Broadcast];

    private readonly struct Maker(BinaryOperator op, NodeContext n, SpreadGeometry geometry) : INumberMaker<ElementLoop>
    {
        public ElementLoop Make<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => op.Loop<T>(n, geometry);
    }
}
