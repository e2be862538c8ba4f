using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators;

/// <summary>What one ONNX operator means, in one place: schema, types, reference, lowering, cost and lift.</summary>
/// <remarks>Instances are stateless and shared by all threads.</remarks>
internal abstract class Operator
{
    /// <summary>The signature in all versions.</summary>
    public abstract OperatorSchema Schema { get; }

    /// <summary>True when the outputs depend on the shapes of the inputs only, not on their elements (Shape, Size).</summary>
    public virtual bool DependsOnShapesOnly => false;

    /// <summary>The part that the operator plays in a network; decides where names such as "penultimate" lie.</summary>
    public virtual OperatorRole Role => OperatorRole.Other;

    /// <summary>True when a run refuses elements of its inputs, such as indices out of range, even where it has nothing to compute.</summary>
    public virtual bool ChecksElements => false;

    /// <summary>
    /// The types of the outputs, and the place for every check of values, so that errors come when the graph is planned.
    /// Called with the rank of every input known; lengths may be symbolic, and values of inputs may be unknown (<see cref="NodeContext.Constant"/> is null).
    /// One type for each formal output that the node names; an axis that cannot be said is <see cref="Dim.Unknown"/>, an unknown rank is <c>Dims: null</c>.
    /// </summary>
    public abstract TensorType[] InferTypes(NodeContext n);

    /// <summary>
    /// The elements of output 0, an integer vector or scalar, as far as they follow from lengths or from the <see cref="NodeContext.Elements"/> of inputs;
    /// null when nothing is known. Called after <see cref="InferTypes"/>, for outputs that are not constant.
    /// </summary>
    public virtual Dim[]? InferElements(NodeContext n) => null;

    /// <summary>
    /// The plain reference: new output tensors from the inputs (null where an optional one is left out), sums in double. The lengths are all known.
    /// Inputs are not changed and not disposed.
    /// </summary>
    public abstract Tensor[] Evaluate(NodeContext n, Tensor?[] x);

    /// <summary>The step that computes the outputs in a planned run. Everything that can be decided before the run is decided here.</summary>
    public abstract Step Lower(NodeContext n, LoweringContext plan);

    /// <summary>
    /// Emits the nodes that compute the gradients of the wanted inputs from those of the outputs (<see cref="GradientContext"/>), and accumulates them.
    /// A rule that accumulates nothing says that the gradient is 0 wherever it exists.
    /// </summary>
    /// <exception cref="Core.ConvTransferException">The operator, or this form of it, has no gradient.</exception>
    public virtual void Gradient(GradientContext g) => throw g.N.Unsupported("the operator has no gradient, so nothing that lies before it can be trained; freeze up to its output");

    /// <summary>Multiply-adds, parameters and the window that one output element sees. Lengths may be unknown; what depends on them is then null.</summary>
    public virtual NodeCost Cost(NodeContext n) => NodeCost.None;

    /// <summary>True when the step that <see cref="Lower"/> makes for this node applies <see cref="LoweringContext.Epilogue"/> to output 0.</summary>
    public virtual bool TakesEpilogue(NodeContext n) => false;

    /// <summary>
    /// The node as a stage of the epilogue of the step that makes its input <paramref name="dataInput"/>, or null when it cannot be one.
    /// A stage must give the bits that the node's own step gives. For <see cref="EpilogueKind.Add"/> the other input is the residual.
    /// </summary>
    public virtual EpilogueStage? AsEpilogue(NodeContext n, int dataInput) => null;

    /// <summary>
    /// Where a constant input of the node names the length that axis 0 of its data has: the value of that input with which the node does for any such length
    /// what it does for this one. Null where the node needs no change. Called with all lengths known.
    /// </summary>
    public virtual (int Input, long[] Values)? ForAnyBatch(NodeContext n) => null;

    /// <summary>
    /// Nodes that mean in <paramref name="lift"/>'s opset what this node means in its own. The default keeps the node where no breaking version lies between.
    /// </summary>
    /// <exception cref="Core.ConvTransferException">The node cannot be expressed in the newer opset.</exception>
    public virtual Node[] Lift(NodeContext n, LiftContext lift)
    {
        foreach (int version in Schema.Breaking)
            if (n.Opset < version && version <= lift.TargetOpset) throw n.Unsupported($"a node of opset {n.Opset} cannot be rewritten for opset {lift.TargetOpset}");
        if (Schema.VersionIn(lift.TargetOpset) == 0) throw n.Unsupported($"the operator does not exist in opset {lift.TargetOpset}");
        return [n.Node];
    }

    /// <summary>The operator's name, for messages and lists.</summary>
    public override string ToString() => Schema.Domain.Length == 0 ? Schema.Name : $"{Schema.Domain}:{Schema.Name}";
}
