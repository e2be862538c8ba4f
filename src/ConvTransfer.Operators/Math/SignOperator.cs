using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Abs, Neg and Sign: functions of a number's sign, for integers too.</summary>
internal abstract class SignOperator : PlainOperator
{
    private readonly int _integersSince;

    /// <summary>Creates the operator.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="since">Its versions.</param>
    /// <param name="integersSince">The version that allows integers.</param>
    /// <param name="integers">The integer types.</param>
    protected SignOperator(string name, int[] since, int integersSince, ElementType[] integers)
    {
        _integersSince = integersSince;
        var t = new TypeVariable("T", [.. TypeVariable.Floats, .. integers]);
        Schema = new OperatorSchema(name, since) { Inputs = [new("X", t)], Outputs = [new("Y", t)], Attributes = since[0] < 6 ? [LegacyAxis.ConsumedInputs] : [] };
    }

    public override OperatorSchema Schema { get; }

    public override TensorType[] InferTypes(NodeContext n)
    {
        var type = n.Input(0).ElementType;
        n.Require(n.Version >= _integersSince || type.IsFloat(), $"input X is of type {type.OnnxName()}, which opset {n.Opset} does not allow; {_integersSince} does");
        return [n.Input(0)];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift) => LegacyAttributes.Without(base.Lift(n, lift), lift, LegacyAxis.ConsumedInputs);

    /// <summary>The loop over elements of one type.</summary>
    protected abstract ElementLoop Loop<T>(long count) where T : unmanaged, INumber<T>;

    protected sealed override PlainKernel Prepare(NodeContext n) => new LoopKernel(NumberDispatch.Make<ElementLoop, Maker>(n.Input(0).ElementType, new Maker(this, n.InputShape(0).ElementCount)));

    private readonly struct Maker(SignOperator op, long count) : INumberMaker<ElementLoop>
    {
        public ElementLoop Make<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => op.Loop<T>(count);
    }
}
