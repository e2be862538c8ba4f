using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime.Passes;

namespace ConvTransfer.Runtime;

/// <summary>Makes the plan of a prepared model for given inputs.</summary>
internal static class PlanBuilder
{
    /// <summary>Types, folds, fuses, lowers and lays out.</summary>
    /// <exception cref="ConvTransferException">The model cannot be run with these inputs; every reason is listed.</exception>
    public static Plan Build(PreparedModel model, ReadOnlySpan<Tensor> inputs, SharedObjects shared)
    {
        var constants = new ConstantTable(model.Constants);
        try
        {
            var problems = new ProblemList();
            var types = new TypeInference(model.Operators, model.Model.Opset, constants, problems) { WidenHalf = true, MemoryLimit = model.Limits.MemoryBytes };
            for (int i = 0; i < inputs.Length; i++)
            {
                if (model.DecidesShape[i]) constants.Add(model.Inputs[i].Name, inputs[i].Clone());
                types.Declare(model.Inputs[i].Name, TensorType.Of(inputs[i].ElementType, inputs[i].Shape));
            }
            var typed = types.Run(model.Nodes);
            problems.ThrowIfErrors(model.Model.File);
            var live = Live(model, typed, types);
            return Lower(model, live, types, inputs, shared, constants);
        }
        catch
        {
            constants.Dispose();
            throw;
        }
    }

    // The nodes whose results are needed and not known yet; each with concrete types.
    private static List<NodeContext> Live(PreparedModel model, IReadOnlyList<TypedNode> typed, TypeInference types)
    {
        var needed = model.Outputs.Where(name => !types.Constants.Contains(name)).ToHashSet();
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

    private static Plan Lower(PreparedModel model, List<NodeContext> live, TypeInference types, ReadOnlySpan<Tensor> inputs, SharedObjects shared, ConstantTable constants)
    {
        var lowering = new PlanLowering(types, shared, model.Constants, [.. model.Inputs.Select(i => i.Name)]);
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].ElementType != ElementType.Float16) continue;
            string name = model.Inputs[i].Name;
            lowering.Push(new WidenStep(lowering.RawInput(i), lowering.Write(name, types.TypeOf(name)!), checked((int)inputs[i].ElementCount)), new Node("Cast", [name], [name]));
        }
        foreach (var fused in FuseEpilogues.Apply(live, model.Outputs, types.Constants.Contains)) lowering.Add(fused);

        var outputs = new PlanOutput[model.Outputs.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            string name = model.Outputs[i];
            var type = types.TypeOf(name)!;
            bool narrow = type.ElementType == ElementType.Float32 && model.HalfValues.Contains(name);
            outputs[i] = new PlanOutput(lowering.Read(name), narrow ? ElementType.Float16 : type.ElementType, type.ToShape(), narrow);
        }
        var (places, arena) = lowering.Place();
        Func<int, long>[] scratch = [.. lowering.Scratch];
        if (arena > model.Limits.MemoryBytes) throw new ConvTransferException(FailureCause.Limit, $"the values between the nodes need {arena} bytes, beyond the memory limit of {model.Limits.MemoryBytes} bytes", model.Model.File);
        return new Plan
        {
            Key = new PlanKey(inputs, model.DecidesShape),
            Steps = [.. lowering.Steps],
            Nodes = [.. lowering.Nodes],
            Places = places,
            Outputs = outputs,
            ArenaBytes = arena,
            ScratchBytes = crew => scratch.Length == 0 ? 0 : scratch.Max(f => f(crew)),
            Constants = constants,
        };
    }
}
