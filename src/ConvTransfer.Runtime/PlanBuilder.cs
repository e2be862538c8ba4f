using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime.Passes;

namespace ConvTransfer.Runtime;

/// <summary>Makes the plan of a segment for given inputs.</summary>
internal static class PlanBuilder
{
    /// <summary>Types, folds, fuses, lowers and lays out.</summary>
    /// <param name="model">The model.</param>
    /// <param name="segment">A segment of it.</param>
    /// <param name="given">What the caller gives: one tensor for each of the model's inputs.</param>
    /// <param name="earlier">The plans of the segments before this one.</param>
    /// <param name="shared">What the model's plans share.</param>
    /// <exception cref="ConvTransferException">The segment cannot be run with these inputs; every reason is listed.</exception>
    public static Plan Build(PreparedModel model, Segment segment, ReadOnlySpan<Tensor> given, ReadOnlySpan<Plan> earlier, SharedObjects shared)
    {
        var constants = new ConstantTable(model.Constants);
        try
        {
            var problems = new ProblemList();
            var types = Walk(model, constants, problems);
            var key = new PlanKey(segment.Inputs.Length);
            for (int i = 0; i < segment.Inputs.Length; i++)
            {
                var (name, from, index) = segment.Inputs[i];
                if (from < 0)
                {
                    if (model.DecidesShape[index]) constants.Add(name, HalfConversion.WidenedCopy(given[index]));
                    types.Declare(name, TensorType.Of(given[index].ElementType, given[index].Shape));
                    key.Set(i, given[index], model.DecidesShape[index]);
                }
                else
                {
                    var made = earlier[from].Outputs[index];
                    types.Declare(name, TensorType.Of(made.Held, made.Shape));
                    key.Set(i, made);
                }
            }
            var typed = types.Run(segment.Nodes);
            problems.ThrowIfErrors(model.Model.File);
            var live = Live(model, segment, typed, types);
            return Lower(model, segment, live, types, key, shared, constants);
        }
        catch
        {
            constants.Dispose();
            throw;
        }
    }

    /// <summary>The type walk with the settings of a plan.</summary>
    public static TypeInference Walk(PreparedModel model, ConstantTable constants, ProblemList problems) =>
        new(model.Operators, model.Model.Opset, constants, problems) { WidenHalf = true, Limits = model.Limits };

    // The nodes whose results are needed and not known yet; each with concrete types.
    private static List<NodeContext> Live(PreparedModel model, Segment segment, IReadOnlyList<TypedNode> typed, TypeInference types)
    {
        var needed = segment.Outputs.Where(name => !types.Constants.Contains(name)).ToHashSet();
        var live = new List<NodeContext>();
        foreach (var node in typed.Reverse())
        {
            if (!node.Node.Outputs.Any(needed.Contains)) continue;
            var context = node.Context ?? throw new ConvTransferException(FailureCause.Unsupported, $"{node.Node.DisplayName}: the type of one of its inputs cannot be told", model.Model.File, node.Node.DisplayName);
            for (int i = 0; i < context.OutputCount; i++)
                if (context.HasOutput(i) && !context.Output(i).IsStatic) throw new ConvTransferException(FailureCause.Unsupported, $"{node.Node.DisplayName}: the shape {context.Output(i)} of its output follows from values that are known only while running; such models are not supported", model.Model.File, node.Node.DisplayName);
            live.Add(context);
            foreach (string input in node.Node.Inputs)
                if (input.Length > 0 && !types.Constants.Contains(input)) needed.Add(input);
        }
        live.Reverse();
        return live;
    }

    private static Plan Lower(PreparedModel model, Segment segment, List<NodeContext> live, TypeInference types, PlanKey key, SharedObjects shared, ConstantTable constants)
    {
        var wanted = live.SelectMany(n => n.Node.Inputs).Concat(segment.Outputs).ToHashSet();
        var lowering = new PlanLowering(types, shared, model.Constants, [.. segment.Inputs.Select(i => i.Name)], wanted);
        for (int i = 0; i < segment.Inputs.Length; i++)
        {
            if (key.TypeOf(i) != ElementType.Float16) continue;
            string name = segment.Inputs[i].Name;
            var type = types.TypeOf(name)!;
            lowering.Push(new WidenStep(lowering.RawInput(i), lowering.Write(name, type), checked((int)type.ToShape().ElementCount)), new Node("Cast", [name], [name]));
        }
        foreach (var fused in FuseEpilogues.Apply(live, segment.Outputs, types.Constants.Contains)) lowering.Add(fused);

        var outputs = new PlanOutput[segment.Outputs.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            string name = segment.Outputs[i];
            var type = types.TypeOf(name)!;
            bool narrow = type.ElementType == ElementType.Float32 && model.HalfValues.Contains(name);
            outputs[i] = new PlanOutput(lowering.Read(name), narrow ? ElementType.Float16 : type.ElementType, type.ToShape(), narrow);
        }
        var (places, arena) = lowering.Place();
        Func<int, long>[] scratch = [.. lowering.Scratch];
        var plan = new Plan
        {
            Key = key,
            Steps = [.. lowering.Steps],
            Nodes = [.. lowering.Nodes],
            Places = places,
            InputSlots = [.. Enumerable.Range(0, places.Length).Where(i => places[i].Kind == PlaceKind.Input).Select(i => (i, (int)places[i].Offset))],
            Outputs = outputs,
            ArenaBytes = arena,
            ScratchBytes = crew => Most(scratch, crew),
            MultiplyAdds = live.Aggregate(0L, (sum, n) => NodeCost.Sum(sum, NodeCost.Of(n)?.MultiplyAdds ?? 0)),
            Constants = constants,
        };
        plan.RequireMemory(1, model.Limits.MemoryBytes, model.Model.File);
        return plan;
    }

    // Asked whenever a session turns to another plan: allocates nothing.
    private static long Most(Func<int, long>[] scratch, int crew)
    {
        long most = 0;
        foreach (var bytes in scratch) most = Math.Max(most, bytes(crew));
        return most;
    }
}
