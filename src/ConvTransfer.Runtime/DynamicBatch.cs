using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>Opens the batch of a network: axis 0 of its inputs and outputs becomes a symbol, so that it takes any number of images.</summary>
/// <remarks>
/// Constant shapes that hold the batch are rewritten. Type inference with the symbol must prove that every output then has it as axis 0 and no other axis changed,
/// and a trial on random inputs that each image's result has the bits that it has alone. What fails either is refused with the reason.
/// </remarks>
public static class DynamicBatch
{
    /// <summary>The symbol.</summary>
    public const string Symbol = "N";

    private const int TrialBatch = 3;

    /// <summary>The network for any batch.</summary>
    /// <param name="model">The model.</param>
    /// <param name="threads">The number of threads for the trial; 0 for one per processor.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <param name="cancellationToken">Stops the trial.</param>
    /// <exception cref="ConvTransferException">The batch cannot be opened (<see cref="FailureCause.Unsupported"/>), or the model cannot be run; every reason is listed. A caller then runs image by image.</exception>
    public static Model Apply(Model model, int threads = 0, Limits? limits = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        limits ??= Limits.Default;
        var problems = new ProblemList();
        long batch = DeclaredBatch(model, problems);
        problems.ThrowIfErrors(model.File);
        using var before = new TypedModel(model, limits, problems, batch);
        problems.ThrowIfErrors(model.File);
        if (model.Functions.Count > 0) throw Refused(model, "it has functions of its own, whose bodies are not rewritten");

        var opened = Declared(Rewritten(model, before));
        using var after = new TypedModel(opened, limits, problems, Dim.Of(Symbol));
        foreach (var output in model.Graph.Outputs) CheckOutput(output.Name, before.TypeOf(output.Name), after.TypeOf(output.Name), batch, problems);
        if (problems.HasErrors) throw Refused(model, string.Join("; ", problems.Errors.Select(p => p.Message)), problems);
        var result = opened with
        {
            Graph = opened.Graph with
            {
                Outputs = opened.Graph.Outputs.Select(o => o with { Type = TypedModel.Declarable(after.TypeOf(o.Name)) }).ToValueList(),
                // Declared types of inner values held the old batch.
                ValueInfos = opened.Graph.ValueInfos.Where(v => after.TypeOf(v.Name) is not null).Select(v => v with { Type = TypedModel.Declarable(after.TypeOf(v.Name)) }).ToValueList(),
            },
        };
        Try(model, result, batch, threads, limits, cancellationToken);
        return result;
    }

    private static long DeclaredBatch(Model model, ProblemList problems)
    {
        long? batch = null;
        foreach (var input in model.Graph.RequiredInputs)
        {
            string name = DisplayText.Escape(input.Name);
            if (input.Type is not TensorType { Dims: { Count: > 0 } dims }) problems.Error(FailureCause.Unsupported, $"the batch cannot be opened: input '{name}' of type {input.Type?.ToString() ?? "unknown"} has no axis 0");
            else if (dims[0].IsKnown && batch is long other && other != dims[0].Value) problems.Error(FailureCause.Unsupported, $"the batch cannot be opened: input '{name}' has length {dims[0].Value} on axis 0, another input {other}");
            else if (dims[0].IsKnown) batch = dims[0].Value;
        }
        return batch ?? 1;
    }

    private static Model Declared(Model model) => model with
    {
        Graph = model.Graph with
        {
            Inputs = model.Graph.Inputs.Select(i => model.Graph.Initializers.Any(t => t.Name == i.Name) || i.Type is not TensorType { Dims: { Count: > 0 } dims } type
                ? i : i with { Type = type with { Dims = [Dim.Of(Symbol), .. dims.Skip(1)] } }).ToValueList(),
        },
    };

    private static Model Rewritten(Model model, TypedModel typed)
    {
        var names = new UniqueNames(model.Graph);
        var added = new List<TensorData>();
        var contexts = new Dictionary<Node, NodeContext?>(ReferenceEqualityComparer.Instance);
        foreach (var (node, context) in typed.Nodes) contexts.Add(node, context);
        Node Rewrite(Node node)
        {
            if (contexts.GetValueOrDefault(node) is not { } context || context.Operator.ForAnyBatch(context) is not var (input, values)) return node;
            var shape = TensorData.From<long>(names.Fresh($"{node.Inputs[input]}_any_batch"), [values.Length], values);
            added.Add(shape);
            return node with { Inputs = node.Inputs.Select((name, i) => i == input ? shape.Name : name).ToValueList() };
        }

        var graph = model.Graph with { Nodes = model.Graph.Nodes.Select(Rewrite).ToValueList() };
        if (added.Count == 0) return model;
        return model with { Graph = (graph with { Initializers = [.. graph.Initializers, .. added] }).RemoveDead() };
    }

    private static void CheckOutput(string name, TensorType? before, TensorType? after, long batch, ProblemList problems)
    {
        string shown = $"output '{DisplayText.Escape(name)}'";
        if (before?.Dims is not { } was || after?.Dims is not { } now) problems.Error(FailureCause.Unsupported, $"the type of {shown} cannot be told");
        else if (was.Count == 0 || !was[0].MayEqual(batch)) problems.Error(FailureCause.Unsupported, $"{shown} of type {before} has no batch on axis 0");
        else if (now.Count != was.Count || !now[0].IsSame(Dim.Of(Symbol))) problems.Error(FailureCause.Unsupported, $"{shown} would be {TypedModel.Declarable(after)}, which does not have the batch as axis 0");
        else if (now.Skip(1).Zip(was.Skip(1)).Any(d => d.Second.IsKnown && !d.First.IsSame(d.Second))) problems.Error(FailureCause.Unsupported, $"{shown} would be {TypedModel.Declarable(after)} instead of {before}");
    }

    // Types do not show whether images influence each other: a mean over axis 0 has the right type too.
    private static void Try(Model model, Model opened, long batch, int threads, Limits limits, CancellationToken cancellationToken)
    {
        using var single = new Planner(model, limits: limits);
        using var many = new Planner(opened, limits: limits);
        using Session singleSession = single.CreateSession(threads), manySession = many.CreateSession(threads);
        Tensor[] parts = new Tensor[single.Inputs.Count], whole = new Tensor[parts.Length], together = [];
        try
        {
            for (int i = 0; i < whole.Length; i++) whole[i] = RandomBatch(single.Inputs[i], TrialBatch * batch, model, i);
            together = manySession.Run(whole, cancellationToken);
            for (int part = 0; part < TrialBatch; part++)
            {
                for (int i = 0; i < parts.Length; i++) parts[i] = Slice(whole[i], part);
                var alone = singleSession.Run(parts, cancellationToken);
                try
                {
                    for (int o = 0; o < alone.Length; o++)
                    {
                        using var slice = Slice(together[o], part);
                        if (!slice.Shape.Equals(alone[o].Shape) || !Same(slice, alone[o])) throw Refused(model, $"in a trial with {TrialBatch * batch} images output '{DisplayText.Escape(single.Outputs[o])}' of one image depends on the others");
                    }
                }
                finally
                {
                    foreach (var tensor in alone.Concat(parts)) tensor.Dispose();
                }
            }
        }
        finally
        {
            foreach (var tensor in whole.Concat(together)) tensor?.Dispose();
        }
    }

    private static bool Same(Tensor a, Tensor b) => a.ElementType == b.ElementType && (a.ElementType == ElementType.String ? a.AsStrings().SequenceEqual(b.AsStrings()) : a.AsBytes().SequenceEqual(b.AsBytes()));

    private static Tensor RandomBatch(ValueInfo input, long batch, Model model, int index)
    {
        var type = (TensorType)input.Type!;
        Dim[] rest = [.. type.Dims!.Value.Skip(1)];
        if (rest.Any(d => !d.IsKnown)) throw Refused(model, $"input '{DisplayText.Escape(input.Name)}' of type {type} leaves other lengths open, so it cannot be tried");
        var tensor = new Tensor(type.ElementType, new Shape([batch, .. rest.Select(d => d.Value)]));
        RandomValues.Fill(tensor, seed: 1, purpose: index);
        return tensor;
    }

    private static Tensor Slice(Tensor whole, int part)
    {
        long length = whole.Shape[0] / TrialBatch;
        var shape = whole.Shape.With(0, length);
        if (whole.ElementType == ElementType.String) return Tensor.FromStrings(shape, whole.AsStrings().Slice(checked((int)(part * shape.ElementCount)), checked((int)shape.ElementCount)).ToArray());
        var slice = Tensor.Uninitialized(whole.ElementType, shape);
        whole.AsBytes().Slice(checked((int)(part * slice.ByteCount)), checked((int)slice.ByteCount)).CopyTo(slice.AsBytes());
        return slice;
    }

    private static ConvTransferException Refused(Model model, string why, ProblemList? problems = null) => new(FailureCause.Unsupported, $"the batch cannot be opened: {why}", model.File, problems: problems);
}
