using System.Numerics;
using System.Runtime.InteropServices;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>Says without running it whether a model can be run: structure, types, support and plan, as one list.</summary>
public static class ModelCheck
{
    /// <summary>Everything that is wrong with a model, and everything that is odd.</summary>
    /// <param name="model">The model.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <returns>The problems, every one once; the model can be run when none of them is an error.</returns>
    /// <remarks>
    /// Types are checked for the shapes that the model declares, symbolic ones included. The plan is made where all lengths are known,
    /// with 1 for a symbolic batch (axis 0); where another length is open, it is left to the first run with concrete shapes.
    /// </remarks>
    public static ProblemList Check(Model model, Limits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        limits ??= Limits.Default;
        var problems = new ProblemList();
        var flat = FunctionInlining.Inline(model, problems, limits);
        // What is left of functions that never end is no network to look at.
        if (problems.HasErrors) return problems;
        var nodes = NodeOrder.Needed(flat.Graph, flat.Graph.Outputs.Select(o => o.Name), problems);
        CheckWeights(flat.Graph, problems);
        CheckTypes(flat, nodes, limits, problems);
        if (!problems.HasErrors) CheckPlan(model, limits, problems);
        return problems;
    }

    private static void CheckTypes(Model model, List<Node> nodes, Limits limits, ProblemList problems)
    {
        using var constants = new ConstantTable();
        foreach (var data in model.Graph.Initializers) constants.Add(data.Name, data, widenHalf: true);
        var walk = new TypeInference(OperatorSet.Standard, model.Opset, constants, problems) { WidenHalf = true, MemoryLimit = limits.MemoryBytes };
        foreach (var input in model.Graph.RequiredInputs)
        {
            string name = DisplayText.Escape(input.Name);
            if (input.Type is TensorType type) walk.Declare(input.Name, type);
            else if (input.Type is null) problems.Error(FailureCause.ModelInvalid, $"input '{name}' has no type");
            else problems.Error(FailureCause.Unsupported, $"input '{name}' is of type {input.Type}; only tensors can be given");
        }
        walk.Run(nodes);
        foreach (var output in model.Graph.Outputs)
        {
            if (output.Type is not TensorType { Dims: { } declared } || walk.TypeOf(output.Name)?.Dims is not { } computed) continue;
            if (declared.Count != computed.Count || declared.Zip(computed).Any(d => !d.First.MayEqual(d.Second)))
                problems.Warn(FailureCause.ModelInvalid, $"output '{DisplayText.Escape(output.Name)}' is declared as {output.Type}, but is {walk.TypeOf(output.Name)}; the latter is taken");
        }
    }

    private static void CheckWeights(Graph graph, ProblemList problems)
    {
        foreach (var data in graph.Initializers)
            if (data.ElementType.IsFloat() && !IsFinite(data)) problems.Warn(FailureCause.ModelInvalid, $"initializer '{DisplayText.Escape(data.Name)}' holds values that are not finite (NaN or Inf)");
    }

    private static bool IsFinite(TensorData data) => data.ElementType switch
    {
        ElementType.Float32 => IsFinite<float>(data),
        ElementType.Float64 => IsFinite<double>(data),
        _ => IsFinite<Half>(data),
    };

    private static bool IsFinite<T>(TensorData data) where T : unmanaged, INumberBase<T>
    {
        foreach (var value in MemoryMarshal.Cast<byte, T>(data.Bytes.Span))
            if (!T.IsFinite(value)) return false;
        return true;
    }

    private static void CheckPlan(Model model, Limits limits, ProblemList problems)
    {
        try
        {
            using var planner = new Planner(model, limits: limits);
            _ = planner.PlanDeclared();
        }
        catch (ConvTransferException e)
        {
            foreach (var problem in e.Problems) problems.Add(problem);
        }
        catch (OverflowException)
        {
            problems.Error(FailureCause.Limit, "a size of the plan does not fit 63 bits; it is beyond every memory limit");
        }
    }
}
